using System.Globalization;
using Metrics.Formats;
using Metrics.Query;
using Metrics.Rules.Templates;
using Scriban.Runtime;

namespace Metrics.Rules;

/// <summary>The functions that templates have beside Scriban's own; each under its Prometheus name and in snake case.</summary>
/// <remarks>https://prometheus.io/docs/prometheus/latest/configuration/template_reference/#numbers</remarks>
public static class TemplateFunctions
{
    internal static void AddTo(ScriptObject globals, Func<string, IReadOnlyList<VectorElement>> ask)
    {
        globals.Import("metric", (string expression) =>
        {
            IReadOnlyList<VectorElement> found = ask(expression);
            return found.Count == 1
                ? found[0].Sample.Value
                : throw new ArgumentException($"metric '{expression}' gives {found.Count} series; it must give one");
        });
        globals.Import("count", (string expression) => (double)ask(expression).Count);
        Add(globals, "humanize", "humanize", Humanize);
        Add(globals, "humanize1024", "humanize1024", Humanize1024);
        Add(globals, "humanizeDuration", "humanize_duration", HumanizeDuration);
        Add(globals, "humanizePercentage", "humanize_percentage", HumanizePercentage);
        Add(globals, "humanizeTimestamp", "humanize_timestamp", HumanizeTimestamp);
    }

    private static void Add(ScriptObject globals, string prometheus, string snake, Func<double, string> function)
    {
        globals.Import(prometheus, function);
        if (snake != prometheus)
            globals.Import(snake, function);
    }

    /// <summary>A number with a metric prefix: 1234567 is <c>1.235M</c>.</summary>
    public static string Humanize(double value)
    {
        if (value == 0 || !double.IsFinite(value))
            return General(value);
        string prefix = "";
        if (Math.Abs(value) >= 1)
        {
            foreach (string p in new[] { "k", "M", "G", "T", "P", "E", "Z", "Y" })
            {
                if (Math.Abs(value) < 1000)
                    break;
                prefix = p;
                value /= 1000;
            }
            return General(value) + prefix;
        }
        foreach (string p in new[] { "m", "u", "n", "p", "f", "a", "z", "y" })
        {
            if (Math.Abs(value) >= 1)
                break;
            prefix = p;
            value *= 1000;
        }
        return General(value) + prefix;
    }

    /// <summary>A number with a binary prefix: 1048576 is <c>1Mi</c>.</summary>
    public static string Humanize1024(double value)
    {
        if (Math.Abs(value) <= 1 || !double.IsFinite(value))
            return General(value);
        string prefix = "";
        foreach (string p in new[] { "ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi" })
        {
            if (Math.Abs(value) < 1024)
                break;
            prefix = p;
            value /= 1024;
        }
        return General(value) + prefix;
    }

    /// <summary>Seconds as <c>1d 2h 3m 4s</c>, below one second with a metric prefix.</summary>
    public static string HumanizeDuration(double seconds)
    {
        if (!double.IsFinite(seconds))
            return General(seconds);
        string sign = seconds < 0 ? "-" : "";
        double rest = Math.Abs(seconds);
        if (rest == 0)
            return "0s";
        if (rest < 1)
            return sign + Humanize(rest) + "s";
        long whole = (long)rest;
        (long days, long hours, long minutes, long secs) = (whole / 86400, whole / 3600 % 24, whole / 60 % 60, whole % 60);
        if (days != 0)
            return string.Create(CultureInfo.InvariantCulture, $"{sign}{days}d {hours}h {minutes}m {secs}s");
        if (hours != 0)
            return string.Create(CultureInfo.InvariantCulture, $"{sign}{hours}h {minutes}m {secs}s");
        if (minutes != 0)
            return string.Create(CultureInfo.InvariantCulture, $"{sign}{minutes}m {secs}s");
        return sign + General(rest) + "s";
    }

    /// <summary>A ratio as percent: 0.1234 is <c>12.34%</c>.</summary>
    public static string HumanizePercentage(double ratio) => General(ratio * 100) + "%";

    /// <summary>Seconds since 1970 UTC as a date and time.</summary>
    public static string HumanizeTimestamp(double seconds) => !double.IsFinite(seconds) || Math.Abs(seconds) > 2e11
        ? General(seconds)
        : DateTimeOffset.UnixEpoch.AddSeconds(seconds).ToString("yyyy-MM-dd HH:mm:ss.FFFFFFF '+0000 UTC'", CultureInfo.InvariantCulture);

    /// <summary>Four significant digits, as Go's <c>%.4g</c> prints them.</summary>
    private static string General(double value) => GoFormat.Significant(value, 4);
}
