using System.Globalization;
using System.Text;
using Metrics.Model;
using Metrics.Text;

namespace Metrics.Pollers.Scrape;

/// <summary>What a scrape may give at most; one that gives more fails as a whole. What is not set, or 0, has that of
/// <c>global</c>, and without one no limit.</summary>
/// <param name="Samples">Samples that relabelling leaves.</param>
/// <param name="BodyBytes">Bytes of the unpacked body. Default 64 MiB.</param>
/// <param name="Labels">Labels of a series after relabelling, its name and those of the target among them.</param>
/// <param name="NameBytes">Bytes of a label's name.</param>
/// <param name="ValueBytes">Bytes of a label's value.</param>
/// <param name="Targets">Targets of the job; where there are more, none of them is asked.</param>
/// <remarks>https://prometheus.io/docs/prometheus/latest/configuration/configuration/#scrape_config</remarks>
internal sealed record ScrapeLimits(int Samples, long BodyBytes, int Labels, int NameBytes, int ValueBytes, int Targets)
{
    /// <summary>The keys of an entry of <c>scrape_configs</c>, or of <c>global</c>.</summary>
    /// <param name="section">The section.</param>
    /// <param name="otherwise">What holds where a key is not given.</param>
    public static ScrapeLimits ReadKeys(YamlSection section, ScrapeLimits otherwise)
    {
        return new ScrapeLimits(
            Number("sample_limit", otherwise.Samples),
            section.Bytes("body_size_limit", otherwise.BodyBytes) is var size and > 0 ? size : long.MaxValue,
            Number("label_limit", otherwise.Labels), Number("label_name_length_limit", otherwise.NameBytes),
            Number("label_value_length_limit", otherwise.ValueBytes), Number("target_limit", otherwise.Targets));

        int Number(string key, int @default) => section.Number(key, 0) is var limit and > 0 ? limit : @default;
    }

    /// <summary>What holds where nothing is said.</summary>
    public static ScrapeLimits Default { get; } =
        new(int.MaxValue, 64L << 20, int.MaxValue, int.MaxValue, int.MaxValue, int.MaxValue);

    /// <summary>Why a series is too much; null where it is not.</summary>
    public string? RefusalOf(Labels stored)
    {
        if (stored.Count > Labels)
            return Said($"{stored.Count} labels, more than label_limit ({Labels})");
        if (NameBytes == int.MaxValue && ValueBytes == int.MaxValue)
            return null;
        foreach (Label label in stored)
        {
            int name = Encoding.UTF8.GetByteCount(label.Name), value = Encoding.UTF8.GetByteCount(label.Value);
            if (name > NameBytes)
                return Said($"a label's name of {name} bytes, more than label_name_length_limit ({NameBytes})");
            if (value > ValueBytes)
                return Said($"the label {label.Name} of {value} bytes, more than label_value_length_limit ({ValueBytes})");
        }
        return null;
    }

    private static string Said(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
