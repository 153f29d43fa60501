using Metrics.Model;
using Metrics.Text;

namespace Metrics.Configuration;

/// <summary>Values that several rooms read in the same way.</summary>
internal static class SectionReading
{
    private static readonly TimeSpan s_longestTimeout = TimeSpan.FromSeconds(10);

    /// <summary>
    /// A URL of http or https that must be there; a wrong one is reported, and an address that nobody has takes its place.
    /// </summary>
    public static Uri RequiredUrl(this YamlSection section, string key)
    {
        string text = section.RequiredText(key);
        if (Uri.TryCreate(text, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https")
            return url;
        if (text.Length > 0)
            section.Report(key, $"is '{UserInfo.Without(text)}'; it must be a URL that begins with http:// or https://");
        return new Uri("http://invalid.invalid/");
    }

    /// <summary>Labels that a key gives; names that cannot be labels of people's are reported.</summary>
    public static Labels PlainLabels(this YamlSection section, string key)
    {
        var labels = new List<Label>();
        foreach ((YamlText name, YamlText value) in section.TextEntries(key))
        {
            if (!Labels.IsPlainLabelName(name.Text) || name.Text.StartsWith("__", StringComparison.Ordinal))
                section.Report(key, $"has '{name.Text}', which is no name of a label");
            else
                labels.Add(new Label(name.Text, value.Text));
        }
        return Labels.Of([.. labels.DistinctBy(l => l.Name)]);
    }

    /// <summary>A timeout: by default two thirds of its interval, at most 10 s, and never longer than the interval.</summary>
    public static TimeSpan Timeout(this YamlSection section, string key, string intervalKey, TimeSpan interval)
    {
        TimeSpan part = interval * 2 / 3;
        TimeSpan timeout = section.Duration(key, part < s_longestTimeout ? part : s_longestTimeout, min: TimeSpan.FromMilliseconds(10));
        if (timeout > interval)
        {
            string longest = $"{intervalKey}, which is {Duration.Format(interval)}";
            section.Report(key, $"is {Duration.Format(timeout)}; it must not be longer than {longest}");
        }
        return timeout;
    }
}
