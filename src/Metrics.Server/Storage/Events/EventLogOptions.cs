using Metrics.Text;

namespace Metrics.Storage.Events;

/// <summary>Which events are kept and how long, and where else they go: section <c>events</c>.</summary>
internal sealed record EventLogOptions
{
    /// <summary>Keys of the plan that no version knows yet: refused by name, so that nobody trusts in them.</summary>
    private static readonly string[] s_notYet = ["redact"];

    /// <summary>Age at which events go, a day at a time. Default 30 d.</summary>
    public TimeSpan Retention { get; init; } = TimeSpan.FromDays(30);

    /// <summary>Bytes on disk beyond which the oldest go. Default 10 GiB, at least 64 MiB.</summary>
    public long MaxBytes { get; init; } = 10L << 30;

    /// <summary>Which events are kept at all. Default all; a reload changes it at once.</summary>
    public StoredEvents Store { get; init; } = StoredEvents.All;

    /// <summary>Whether events are copied into InfluxDB too. Default false; needs <c>storage.influx</c>.</summary>
    public bool CopyToInflux { get; init; }

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
        };
        if (options.CopyToInflux && !hasInflux)
            section.Report("influx", "is true, but there is no storage.influx to copy events to");
        foreach (string key in s_notYet)
        {
            if (section.Has(key))
                section.Report(key, "is planned and does nothing yet; leave it out");
            section.Value(key);
        }
        section.Finish();
        return options;
    }
}
