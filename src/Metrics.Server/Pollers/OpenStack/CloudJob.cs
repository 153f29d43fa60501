using Metrics.Configuration;
using Metrics.Pollers.OpenStack.Client;
using Metrics.Text;

namespace Metrics.Pollers.OpenStack;

/// <summary>One entry of the section <c>openstack</c>: a cloud that is watched, and how much it may be asked.</summary>
internal sealed record CloudJob : TargetSection
{
    /// <summary>Value of the <c>instance</c> label of all its series. Default: the name in clouds.yaml, or the host of Keystone.</summary>
    public required string Name { get; init; }

    public required CloudAccess Access { get; init; }

    /// <summary>How often endpoints and the state of services and agents are looked at. Default 15 s.</summary>
    public required TimeSpan CheckInterval { get; init; }

    /// <summary>How often what changes by the minute is listed. Default 1 min.</summary>
    public required TimeSpan Interval { get; init; }

    /// <summary>
    /// How often what changes slowly is listed, and within which time every project's quota is asked once. Default 4 min, so that values
    /// stay within the lookback.
    /// </summary>
    public required TimeSpan SlowInterval { get; init; }

    /// <summary>Longest time of one request. Default 20 s.</summary>
    public required TimeSpan RequestTimeout { get; init; }

    /// <summary>Requests a second that one service is asked at most. Default 50.</summary>
    public required int RequestsPerSecond { get; init; }

    /// <summary>Requests at one time to one service. Default 4.</summary>
    public required int Concurrency { get; init; }

    /// <summary>Collections that are left out, such as <c>neutron/ports</c>.</summary>
    public required IReadOnlyList<string> Disabled { get; init; }

    /// <summary>Metrics that are left out, such as <c>openstack_neutron_port</c>; null is none.</summary>
    public IReadOnlySet<string>? DisabledMetrics { get; init; }

    private const int DefaultRate = 50, DefaultConcurrency = 4;

    private static readonly TimeSpan s_requestTimeout = TimeSpan.FromSeconds(20);

    /// <summary>Stands in where the account is wrong, so that the other keys are looked at too.</summary>
    private static readonly CloudAccess s_noAccess =
        new(new CloudAuth { AuthUrl = new Uri("http://invalid.invalid/") }, null, "public", TlsOptions.None);

    /// <summary>A cloud that is only asked for what is in it, with the defaults for how much it may be asked.</summary>
    public static CloudJob Of(string name, CloudAccess access) => new()
    {
        Id = new SectionId(name, ""), Name = name, Access = access,
        CheckInterval = TimeSpan.FromSeconds(15), Interval = TimeSpan.FromMinutes(1), SlowInterval = TimeSpan.FromMinutes(4),
        RequestTimeout = s_requestTimeout, RequestsPerSecond = DefaultRate, Concurrency = DefaultConcurrency, Disabled = [],
    };

    public static CloudJob? Read(YamlSection section)
    {
        CloudAccess? access = CloudSource.Read(section);
        TimeSpan interval = section.Duration("interval", TimeSpan.FromMinutes(1), min: TimeSpan.FromSeconds(1));
        string? given = section.Text("name") ?? section.Text("cloud");
        string name = given is null or CloudSource.FromEnvironment ? access?.Auth.AuthUrl.Host ?? "" : given;
        var job = new CloudJob
        {
            Id = SectionId.Of($"openstack {name}", section, access?.Elsewhere),
            Name = name,
            Access = access ?? s_noAccess,
            CheckInterval =
                section.Duration("check_interval", interval < TimeSpan.FromSeconds(15) ? interval : TimeSpan.FromSeconds(15),
                    min: TimeSpan.FromSeconds(1)),
            Interval = interval,
            SlowInterval = section.Duration("slow_interval", interval * 4, min: TimeSpan.FromSeconds(1)),
            RequestTimeout = section.Duration("request_timeout", s_requestTimeout, min: TimeSpan.FromMilliseconds(100)),
            RequestsPerSecond = section.Number("requests_per_second", DefaultRate, min: 1, max: 100_000),
            Concurrency = section.Number("concurrency", DefaultConcurrency, min: 1, max: 1000),
            Disabled = section.Texts("disabled"),
            DisabledMetrics = section.Texts("disabled_metrics") is { Count: > 0 } metrics ? metrics.ToHashSet() : null,
        };
        foreach (string unknown in job.Disabled.Where(d => CloudCatalog.All.All(c => c.Name != d)))
            section.Report("disabled", $"holds '{unknown}'; known are {string.Join(", ", CloudCatalog.All.Select(c => c.Name))}");
        foreach (string strange in job.DisabledMetrics?.Where(m => !m.StartsWith("openstack_", StringComparison.Ordinal)) ?? [])
            section.Report("disabled_metrics", $"holds '{strange}'; the names of these metrics begin with openstack_");
        section.Finish();
        return access is null ? null : job;
    }
}
