using System.Text;

namespace Metrics.Formats.PrometheusText;

/// <summary>A label's value as expositions and Alertmanager's matchers write it.</summary>
/// <remarks>https://prometheus.io/docs/instrumenting/exposition_formats/#comments-help-text-and-type-information</remarks>
public static class LabelValueText
{
    /// <summary>Adds it in double quotes, with backslash, quote and line feed escaped; all else stands as it is.</summary>
    public static StringBuilder AppendQuoted(this StringBuilder to, string value)
    {
        to.Append('"');
        foreach (char c in value)
        {
            switch (c)
            {
                case '\\': to.Append("\\\\"); break;
                case '"': to.Append("\\\""); break;
                case '\n': to.Append("\\n"); break;
                default: to.Append(c); break;
            }
        }
        return to.Append('"');
    }
}
