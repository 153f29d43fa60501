using System.Net;
using Metrics.Api.Access;
using Metrics.Text;
using Metrics.Inputs;
using Metrics.Inputs.Push;
using Metrics.Notifiers;
using Metrics.Pollers.Backends;
using Metrics.Pollers.OpenStack;
using Metrics.Pollers.Probes;
using Metrics.Pollers.Scrape;
using Metrics.Storage.Events;
using Npgsql;

namespace Metrics.Configuration;

/// <summary>From the tree of <c>metrics.yaml</c> to options; every problem is reported, none stops the reading.</summary>
internal static class MetricsOptionsReader
{
    public static MetricsOptions Read(YamlMap root, string file, List<Problem> problems)
    {
        var top = new YamlSection(root, file, "", problems);
        AuthOptions auth = AuthOptions.Read(top.Section("auth"));
        StorageOptions storage;
        var options = new MetricsOptions
        {
            Listen = ReadListen(top, auth),
            Auth = auth,
            Storage = storage = ReadStorage(top.Section("storage")),
            Events = EventLogOptions.Read(top.Section("events"), hasInflux: storage.Influx is not null),
            PushEvents = PushEventKinds.Read(top.Section("inputs").Section("push")),
            Inputs = InputCatalog.Read(top.Section("inputs")),
            Head = ReadHead(top.Section("head")),
            Query = ReadQuery(top.Section("query")),
            Host = ReadHost(top.Section("host")),
            Probes = [.. top.Sections("probes").Select(ProbeJob.Read)],
            ScrapeJobs = [.. top.Sections("scrape_configs").Select(ScrapeJob.Read)],
            Clouds = [.. top.Sections("openstack").Select(CloudJob.Read).OfType<CloudJob>()],
            Backends = BackendCatalog.Read(top),
            Rules = ReadRules(top.Section("rules")),
            Notifications = ReadNotifications(top),
        };
        ReportRepeatedJobs(top, options);
        top.Finish();
        return options;
    }

    private static string ReadListen(YamlSection top, AuthOptions auth)
    {
        const string Default = "127.0.0.1:9890";
        string listen = top.Text("listen", Default);
        int colon = listen.LastIndexOf(':');
        string host = colon < 0 ? "" : listen[..colon].Trim('[', ']');
        bool known = host == "localhost" | IPAddress.TryParse(host, out IPAddress? address);
        if (!known || !ushort.TryParse(listen.AsSpan(colon + 1), System.Globalization.CultureInfo.InvariantCulture, out _))
        {
            top.Report("listen", $"is '{listen}'; it must be ADDRESS:PORT with a numeric address, such as {Default} or [::]:9890");
            return Default;
        }
        if (address is not null && !IPAddress.IsLoopback(address) && !auth.IsConfigured)
            top.Report("listen", $"is '{listen}', which others can reach; that needs tokens in auth.tokens first (docs/configuration.md#auth)");
        return listen;
    }

    private static StorageOptions ReadStorage(YamlSection section)
    {
        TimeSpan flush = section.Duration("flush_interval", TimeSpan.FromSeconds(1), min: TimeSpan.FromMilliseconds(10));
        if (flush > TimeSpan.FromSeconds(1))
            section.Report("flush_interval", "must be at most 1s: it bounds what a crash can lose");
        var options = new StorageOptions
        {
            Path = section.Text("path", "./data"),
            FlushInterval = flush,
            Retention = section.Duration("retention", TimeSpan.FromDays(365), min: TimeSpan.FromHours(1)),
            MemoryLimitBytes = section.Bytes("memory_limit", 48L << 20, min: 32L << 20),
            Postgres = section.Has("state") ? ReadState(section.Section("state")) : null,
            Influx = section.Has("influx") ? ReadInflux(section.Section("influx")) : null,
        };
        section.Finish();
        return options;
    }

    private static PostgresOptions ReadState(YamlSection section)
    {
        string connection = section.RequiredText("postgresql");
        try
        {
            var parsed = new NpgsqlConnectionStringBuilder(connection);
            if (connection.Length > 0 && (string.IsNullOrEmpty(parsed.Host) || string.IsNullOrEmpty(parsed.Database)))
                section.Report("postgresql", "must name at least Host and Database: Host=db.example;Database=metricsd;Username=metricsd");
        }
        catch (Exception e) when (e is ArgumentException or FormatException or InvalidOperationException)
        {
            // The reason may hold the value, and that a password.
            section.Report("postgresql", "is not a connection string such as Host=db.example;Database=metricsd;Username=metricsd;SSL Mode=VerifyFull");
        }
        var options = new PostgresOptions(connection, Secret.Read(section, "password"));
        section.Finish();
        return options;
    }

    private static InfluxOptions ReadInflux(YamlSection section)
    {
        var version = (InfluxVersion)section.Number("version", 1, min: 1, max: 3);
        string databaseKey = version == InfluxVersion.V2 ? "bucket" : "database";
        var options = new InfluxOptions
        {
            Url = ReadUrl(section, "url"),
            Version = version,
            Database = section.RequiredText(databaseKey),
            RetentionPolicy = version == InfluxVersion.V1 ? section.Text("retention_policy") : null,
            Organization = version == InfluxVersion.V2 ? section.RequiredText("org") : null,
            Username = section.Text("username"),
            Password = Secret.Read(section, "password"),
            Token = Secret.Read(section, "token"),
            CreateDatabase = section.Flag("create_database", true),
            Gzip = section.Flag("gzip", true),
            BatchLines = section.Number("batch_lines", 5000, min: 1, max: 1_000_000),
            BatchBytes = (int)Math.Min(section.Bytes("batch_bytes", 4L << 20, min: 128L << 10), 256L << 20),
            Timeout = section.Duration("timeout", TimeSpan.FromSeconds(10), min: TimeSpan.FromMilliseconds(100)),
            SpoolBytes = section.Bytes("spool_bytes", 1L << 30, min: 1L << 20),
            SpoolAge = section.Duration("spool_age", TimeSpan.FromDays(7), min: TimeSpan.FromMinutes(1)),
        };
        if (options.Username is not null && options.Token is not null)
            section.Report("token", "and 'username' cannot stand together");
        if (version != InfluxVersion.V1 && options.Token is null)
            section.Report("token", $"or 'token_file' is required for version {(int)version}");
        section.Finish();
        return options;
    }

    private static HeadSection ReadHead(YamlSection section)
    {
        var options = new HeadSection(
            section.Duration("window", TimeSpan.FromHours(2), min: TimeSpan.FromMinutes(10)),
            section.Number("max_series", 5_000_000, min: 1000),
            section.Number("max_series_per_source", 500_000, min: 100));
        section.Finish();
        return options;
    }

    private static QuerySection ReadQuery(YamlSection section)
    {
        var options = new QuerySection(
            section.Duration("timeout", TimeSpan.FromMinutes(2), min: TimeSpan.FromMilliseconds(100)),
            section.Number("max_concurrency", Math.Max(2, Environment.ProcessorCount), min: 1),
            section.Number("max_samples", 50_000_000, min: 1000),
            section.Number("max_samples_read", 1_000_000_000, min: 1000),
            section.Duration("lookback", TimeSpan.FromMinutes(5), min: TimeSpan.FromSeconds(1)));
        section.Finish();
        return options;
    }

    private static HostSection ReadHost(YamlSection section)
    {
        TimeSpan interval = section.Duration("interval", TimeSpan.FromSeconds(15), min: TimeSpan.FromSeconds(1));
        var options = new HostSection
        {
            Enabled = section.Flag("enabled", true),
            Interval = interval,
            Timeout = ReadTimeout(section, "timeout", "interval", interval),
            Instance = section.Text("instance", Environment.MachineName),
            ProcPath = section.Text("proc_path", "/proc"),
            SysPath = section.Text("sys_path", "/sys"),
            RootPath = section.Text("root_path", "/"),
            Disabled = section.Texts("disabled"),
        };
        section.Finish();
        return options;
    }

    private static RuleOptions ReadRules(YamlSection section)
    {
        var options = new RuleOptions(
            section.Texts("files"), section.Flag("shipped", true), section.Has("remote_query") ? ReadUrl(section, "remote_query") : null)
        {
            ArrivalShare = section.Share("arrival_share", 0.1),
        };
        section.Finish();
        return options;
    }

    private static NotificationOptions ReadNotifications(YamlSection top)
    {
        var receivers = new List<ReceiverOptions>();
        var defaults = NotifierDefaults.Read(top.Section("global"));
        foreach (YamlSection section in top.Sections("receivers"))
        {
            string name = section.RequiredText("name");
            if (receivers.Exists(r => r.Name == name))
            {
                section.Report("name", $"is '{name}', which another receiver has already");
                continue;
            }
            receivers.Add(new ReceiverOptions(name, NotifierCatalog.Read(section, name, defaults)));
            section.Finish();
        }
        return new NotificationOptions(receivers, RoutingReader.Read(top, [.. receivers.Select(r => r.Name)]), top.Text("external_url", "http://127.0.0.1:9890").TrimEnd('/'))
        {
            ResolveTimeout = defaults.ResolveTimeout,
            Alertmanagers = AlertmanagerOptions.Read(top.Section("alerting")),
            Heartbeat = HeartbeatOptions.Read(top.Section("heartbeat"), [.. receivers.Select(r => r.Name)]),
        };
    }

    internal static Uri ReadUrl(YamlSection section, string key)
    {
        string text = section.RequiredText(key);
        if (Uri.TryCreate(text, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https")
            return url;
        if (text.Length > 0)
            section.Report(key, $"is '{text}'; it must be a URL that begins with http:// or https://");
        return new Uri("http://invalid.invalid/");
    }

    /// <summary>A timeout: by default two thirds of its interval, at most 10 s, and never longer than the interval.</summary>
    internal static TimeSpan ReadTimeout(YamlSection section, string key, string intervalKey, TimeSpan interval)
    {
        TimeSpan two = interval * 2 / 3;
        TimeSpan timeout = section.Duration(key, two < TimeSpan.FromSeconds(10) ? two : TimeSpan.FromSeconds(10), min: TimeSpan.FromMilliseconds(10));
        if (timeout > interval)
            section.Report(key, $"is {Model.Duration.Format(timeout)}; it must not be longer than {intervalKey}, which is {Model.Duration.Format(interval)}");
        return timeout;
    }

    private static void ReportRepeatedJobs(YamlSection top, MetricsOptions options)
    {
        foreach (IGrouping<string, string> name in options.ScrapeJobs.Select(j => j.Name).Concat(options.Probes.Select(p => p.Name)).GroupBy(n => n))
        {
            if (name.Key.Length > 0 && name.Count() > 1)
                top.Report("scrape_configs", $"and probes: the job name '{name.Key}' is used {name.Count()} times; job names are unique");
        }
    }
}
