using System.Text;

namespace Metrics.Storage.Samples.Influx;

/// <summary>The rows of an answer in CSV: a quoted text may hold line feeds, so that a row may take several lines.</summary>
internal sealed class FluxRows(AnswerLines lines)
{
    private const int MaxRowChars = 1 << 20;

    private readonly List<string> _fields = [];

    /// <summary>The next row, valid until the next call; null at the end.</summary>
    /// <exception cref="StoreException">There is no end of a row, or of the patience.</exception>
    public async ValueTask<List<string>?> NextAsync(CancellationToken ct)
    {
        string row = "";
        while (await lines.NextAsync(ct) is { } line)
        {
            string text = Encoding.UTF8.GetString(line.Span).TrimEnd('\r');
            row = row.Length == 0 ? text : $"{row}\n{text}";
            if (row.Length > MaxRowChars)
                throw new StoreException("the answer is not what InfluxDB says: a row has no end");
            if (FluxCsv.TrySplit(row, _fields))
                return _fields;
        }
        return row.Length == 0 ? null : throw new StoreException("the answer broke off in a row");
    }
}
