using Metrics.Model;

namespace Metrics.Intake;

/// <summary>By what a line of a log is counted; whatever is not known is empty.</summary>
/// <param name="Host">The machine.</param>
/// <param name="Service">The service.</param>
/// <param name="Level">A word of <see cref="LevelWords"/>.</param>
internal readonly record struct LogLine(string Host, string Service, string Level)
{
    /// <summary>
    /// Whether an event is a line of a log: nobody has understood it further, or somebody who reads logs has. What the collector itself
    /// notes about a log (<see cref="EventKinds.LogTruncated"/> …) is none.
    /// </summary>
    public static bool Is(EventBatch batch, int row) =>
        IsPlain(batch, row) || batch.TryFind(row, EventFields.Dataset, out _);

    /// <summary>Whether an event is a line that nobody has understood further.</summary>
    public static bool IsPlain(EventBatch batch, int row) => batch.Kinds[row] == EventKinds.Log;

    /// <summary>Reads an event, in one walk over its fields.</summary>
    /// <returns>Whether it is a line of a log.</returns>
    public static bool TryRead(EventBatch batch, int row, out LogLine line)
    {
        bool isLine = IsPlain(batch, row);
        string host = "", service = "";
        ReadOnlySpan<byte> level = default;
        foreach (EventFieldText field in batch.FieldsOf(row))
        {
            switch (field.Name)
            {
                case EventFields.Host: host = field.Value; break;
                case EventFields.Service: service = field.Value; break;
                case EventFields.Level: level = field.Utf8; break;
                case EventFields.Dataset: isLine = true; break;
            }
        }
        line = new LogLine(host, service, LevelWords.Of(level, batch.Severities[row]));
        return isLine;
    }
}
