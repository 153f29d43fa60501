using Metrics.Storage.Events.Geo;
using Metrics.Text;

namespace Metrics.Storage.Events;

/// <summary>Which events are kept and how long, and where else they go: section <c>events</c>.</summary>
internal sealed record EventLogOptions
{
    /// <summary>Age at which events go, a day at a time. Default 30 d.</summary>
    public TimeSpan Retention { get; init; } = TimeSpan.FromDays(30);

    /// <summary>Bytes on disk beyond which the oldest go. Default 10 GiB, at least 64 MiB.</summary>
    public long MaxBytes { get; init; } = 10L << 30;

    /// <summary>Which events are kept at all. Default all; a reload changes it at once.</summary>
    public StoredEvents Store { get; init; } = StoredEvents.All;

    /// <summary>Whether events are copied into InfluxDB too. Default false; needs <c>storage.influx</c>.</summary>
    public bool CopyToInflux { get; init; }

    /// <summary>What is masked in events before they are judged or stored. Default known secrets; a reload changes it at once.</summary>
    public Redactor Redactor { get; init; } = new(withDefaults: true);

    /// <summary>Which kinds of lines are learned. Default all; a reload changes it at once.</summary>
    public TemplateOptions Templates { get; init; } = TemplateOptions.Default;

    /// <summary>Whether events say what was never seen before. Default yes; a reload changes it at once.</summary>
    public FirstSeenOptions FirstSeen { get; init; } = FirstSeenOptions.Default;

    /// <summary>Proxies that say the truth of whom they have a request from. Default none; a reload changes it at once.</summary>
    public NetworkList TrustedProxies { get; init; } = NetworkList.Empty;

    /// <summary>A database of countries or cities (<c>.mmdb</c>). Default none (empty); a reload changes it at once.</summary>
    public string GeoFile { get; init; } = "";

    /// <summary>The first day that is kept, days since 1970 UTC.</summary>
    public int OldestDay(DateTimeOffset now) => EventTable.DayOf(now - Retention);

    public static EventLogOptions Read(YamlSection section, bool hasInflux)
    {
        var defaults = new EventLogOptions();
        var options = new EventLogOptions
        {
            Retention = section.Duration("retention", defaults.Retention, min: TimeSpan.FromHours(1)),
            MaxBytes = section.Bytes("max_bytes", defaults.MaxBytes, min: 64L << 20),
            Store = section.Choice("store", "all", "all", "parsed", "counts") switch
            {
                "parsed" => StoredEvents.Parsed,
                "counts" => StoredEvents.Counts,
                _ => StoredEvents.All,
            },
            CopyToInflux = section.Flag("influx", defaults.CopyToInflux),
            Templates = TemplateOptions.Read(section.Section("templates")),
            FirstSeen = FirstSeenOptions.Read(section.Section("first_seen")),
            TrustedProxies = NetworkList.Read(section, "trusted_proxies"),
            GeoFile = ReadGeo(section.Section("geo")),
            Redactor = new Redactor(
                section.Flag("redact_defaults", true), [.. section.Sections("redact").Select(ReadRule).OfType<RedactRule>()]),
        };
        if (options.TrustedProxies.HoldsAll)
            section.Report("trusted_proxies", "holds every address; then clients are believed too, who may say what they like");
        if (options.CopyToInflux && !hasInflux)
            section.Report("influx", "is true, but there is no storage.influx to copy events to");
        section.Finish();
        return options;
    }

    private static string ReadGeo(YamlSection section)
    {
        string path = section.Text("file", "");
        section.Finish();
        if (path.Length == 0)
            return "";
        try
        {
            Geo.GeoFile.Open(path).Dispose();
        }
        catch (GeoException e)
        {
            section.Report("file", $"is '{path}', which {e.Message}");
        }
        return path;
    }

    private static RedactRule? ReadRule(YamlSection section)
    {
        string pattern = section.RequiredText("pattern");
        string replace = section.Text("replace", Redactor.Mask);
        if (replace.Length == 0)
            section.Report("replace", "is empty; what is masked must be seen to be masked, as by ***");
        section.Finish();
        if (pattern.Length == 0)
            return null;
        try
        {
            var expression = new Re2(pattern, whole: false);
            if (!expression.IsMatch(""))
                return new RedactRule(expression, replace);
            section.Report("pattern", "matches the empty text, and so between all characters");
        }
        catch (ArgumentException e)
        {
            section.Report("pattern", $"is no expression: {e.Message}");
        }
        return null;
    }
}
