using System.Globalization;
using System.Text;
using Metrics.Formats;
using Metrics.Model;

namespace Metrics.Fuzz;

/// <summary>What a reader gave, as a text that can be compared.</summary>
internal static class Samples
{
    public static string Of(SampleBatch batch)
    {
        var text = new StringBuilder();
        for (int i = 0; i < batch.Count; i++)
            text.Append(CultureInfo.InvariantCulture, $"{batch.Series[i]} {FloatText.Format(batch.Values[i])} {batch.Times[i]}\n");
        return text.ToString();
    }
}
