using System.Text;

namespace Metrics.Storage.Samples.Influx;

/// <summary>One row of Flux's annotated CSV (RFC 4180). Pure.</summary>
internal static class FluxCsv
{
    /// <summary>Parts a row into its fields.</summary>
    /// <returns>False: a quoted field has not ended, so that the row goes on in the next line.</returns>
    public static bool TrySplit(string row, List<string> fields)
    {
        fields.Clear();
        var field = new StringBuilder();
        for (int i = 0; ; i++)
        {
            if (i < row.Length && row[i] == '"')
            {
                for (i++; ; i++)
                {
                    if (i >= row.Length)
                        return false;
                    if (row[i] == '"' && (i + 1 >= row.Length || row[i + 1] != '"'))
                        break;
                    i += row[i] == '"' ? 1 : 0;
                    field.Append(row[i]);
                }
            }
            else if (i < row.Length && row[i] != ',')
            {
                field.Append(row[i]);
            }
            else
            {
                fields.Add(field.ToString());
                field.Clear();
                if (i >= row.Length)
                    return true;
            }
        }
    }
}
