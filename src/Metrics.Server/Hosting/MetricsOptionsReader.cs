using System.Globalization;
using System.Net;
using System.Text;
using Metrics.Access;
using Metrics.Alerting;
using Metrics.Configuration;
using Metrics.Inputs;
using Metrics.Intake;
using Metrics.Pollers;
using Metrics.Querying;
using Metrics.Reports;
using Metrics.Rules;
using Metrics.Storage;
using Metrics.Storage.Events;
using Metrics.Storage.Forwarding;
using Metrics.Telemetry;
using Metrics.Text;

namespace Metrics.Hosting;

/// <summary>
/// From the tree of <c>metrics.yaml</c> to options: each room reads its own keys, this says which rooms there are. Every problem is
/// reported, none stops the reading.
/// </summary>
internal static class MetricsOptionsReader
{
    /// <summary>The listener follows its certificates by itself.</summary>
    private const string Tls = "tls_server_config";

    /// <summary>What takes effect at the next start only: what sockets, files and sizes rest on.</summary>
    private static readonly string[] s_atStart = ["listen", Tls, "max_connections", "storage", "forward", "memory", "head", "query"];

    /// <summary>The system's bound, with the zero behind it (man 7 unix).</summary>
    private const int MaxSocketPath = 107;

    /// <summary>What takes effect at once and restarts nothing.</summary>
    private static readonly string[] s_atOnce = ["auth", "events", "rules", "rule_files", "sigma", "reports"];

    public static MetricsOptions Read(YamlSection top)
    {
        AuthOptions auth = AuthOptions.Read(top.Section("auth"));
        ListenAddress listen = ReadListen(top, auth);
        StorageOptions storage = StorageOptions.Read(top.Section("storage"));
        var options = new MetricsOptions
        {
            Listen = listen,
            MaxConnections = top.Number("max_connections", 512, min: 1),
            Logging = LoggingOptions.Read(top.Section("logging")),
            Auth = auth,
            Storage = storage,
            Events = EventLogOptions.Read(top.Section("events"), hasInflux: storage.Influx is not null),
            Forward = top.Has("forward") ? ForwardOptions.Read(top.Section("forward")) : null,
            Inputs = InputSection.Read(top.Section("inputs")),
            Memory = MemoryOptions.Read(top.Section("memory")),
            Head = HeadSection.Read(top.Section("head")),
            Query = QuerySection.Read(top.Section("query")),
            Targets = TargetSections.Read(top),
            Rules = RuleOptions.Read(top),
            Notifications = NotificationOptions.Read(top),
            AtStart = [.. Ids(s_atStart), SectionId.OfKeys("logging.format", top.Section("logging"), ["format"])],
            AtOnce = [.. Ids(s_atOnce), SectionId.OfKeys("logging", top.Section("logging"), ["level", "levels"])],
        };
        options = options with { Reports = ReportOptions.ReadAll(top, options.Notifications.Receivers) };
        OthersKeys.RefuseIn(top);
        top.Finish();
        // Rules may ask the calendar and make links; both are read with who is notified.
        NotificationOptions notifications = options.Notifications;
        return options with
        {
            Rules = options.Rules with { ExternalUrl = notifications.ExternalUrl, TimeIntervals = notifications.Routing.TimeIntervals },
        };

        List<SectionId> Ids(string[] keys) => [.. keys.Select(key => SectionId.OfKeys(key, top, [key], countsFiles: key != Tls))];
    }

    private static ListenAddress ReadListen(YamlSection top, AuthOptions auth)
    {
        const string Default = "127.0.0.1:9890";
        ListenAddress listen = new(top.Text("listen", Default), ListenerTlsOptions.Read(top));
        if (auth.Certificates.Any() && listen.Tls?.ClientCaFile is null)
            top.Report("auth", "has client_certificates; they need tls_server_config with client_ca_file (docs/configuration.md#tls)");
        if (listen.SocketPath is { } path)
        {
            if (!Path.IsPathRooted(path) || Encoding.UTF8.GetByteCount(path) > MaxSocketPath)
                top.Report("listen", $"is '{listen.Text}'; it must be unix: and a whole path of at most {MaxSocketPath} bytes");
            if (listen.Tls is not null)
                top.Report(Tls, "is not for a unix socket");
            return listen;
        }
        if (!(listen.Host == "localhost" || IPAddress.TryParse(listen.Host, out _))
            || !ushort.TryParse(listen.PortText, NumberStyles.None, CultureInfo.InvariantCulture, out ushort port))
        {
            top.Report(
                "listen",
                $"is '{listen.Text}'; it must be ADDRESS:PORT with a numeric address, such as {Default} or [::]:9890, or unix:/PATH");
            return new ListenAddress(Default);
        }
        if (port == 0 && listen.Host == "localhost")
            top.Report("listen", $"is '{listen.Text}'; localhost needs a port, any that is free (0) is for an address such as 127.0.0.1:0");
        if (!listen.IsLocal && !auth.IsConfigured)
        {
            const string Needed = "that needs tokens or client certificates in auth first (docs/configuration.md#auth)";
            top.Report("listen", $"is '{listen.Text}', which others can reach; {Needed}");
        }
        return listen;
    }
}
