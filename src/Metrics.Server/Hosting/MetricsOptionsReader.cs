using System.Globalization;
using System.Net;
using Metrics.Access;
using Metrics.Alerting;
using Metrics.Configuration;
using Metrics.Inputs;
using Metrics.Intake;
using Metrics.Pollers;
using Metrics.Querying;
using Metrics.Rules;
using Metrics.Storage;
using Metrics.Storage.Events;
using Metrics.Telemetry;
using Metrics.Text;

namespace Metrics.Hosting;

/// <summary>
/// From the tree of <c>metrics.yaml</c> to options: each room reads its own keys, this says which rooms there are. Every problem is
/// reported, none stops the reading.
/// </summary>
internal static class MetricsOptionsReader
{
    /// <summary>What takes effect at the next start only: what sockets, files and sizes rest on.</summary>
    private static readonly string[] s_atStart = ["listen", "storage", "memory", "head", "query"];

    /// <summary>What takes effect at once and restarts nothing.</summary>
    private static readonly string[] s_atOnce = ["auth", "events", "rules"];

    public static MetricsOptions Read(YamlSection top)
    {
        AuthOptions auth = AuthOptions.Read(top.Section("auth"));
        string listen = ReadListen(top, auth);
        StorageOptions storage = StorageOptions.Read(top.Section("storage"));
        var options = new MetricsOptions
        {
            Listen = listen,
            Auth = auth,
            Storage = storage,
            Events = EventLogOptions.Read(top.Section("events"), hasInflux: storage.Influx is not null),
            Inputs = InputSection.Read(top.Section("inputs")),
            Memory = MemoryOptions.Read(top.Section("memory")),
            Head = HeadSection.Read(top.Section("head")),
            Query = QuerySection.Read(top.Section("query")),
            Targets = TargetSections.Read(top),
            Rules = RuleOptions.Read(top.Section("rules")),
            Notifications = NotificationOptions.Read(top),
            AtStart = Ids(s_atStart),
            AtOnce = Ids(s_atOnce),
        };
        top.Finish();
        // Rules may ask the calendar and make links; both are read with who is notified.
        NotificationOptions notifications = options.Notifications;
        return options with
        {
            Rules = options.Rules with { ExternalUrl = notifications.ExternalUrl, TimeIntervals = notifications.Routing.TimeIntervals },
        };

        List<SectionId> Ids(string[] keys) => [.. keys.Select(key => SectionId.OfKeys(key, top, [key]))];
    }

    private static string ReadListen(YamlSection top, AuthOptions auth)
    {
        const string Default = "127.0.0.1:9890";
        string listen = top.Text("listen", Default);
        int colon = listen.LastIndexOf(':');
        string host = colon < 0 ? "" : listen[..colon].Trim('[', ']');
        bool known = host == "localhost" | IPAddress.TryParse(host, out IPAddress? address);
        if (!known || !ushort.TryParse(listen.AsSpan(colon + 1), CultureInfo.InvariantCulture, out _))
        {
            top.Report("listen", $"is '{listen}'; it must be ADDRESS:PORT with a numeric address, such as {Default} or [::]:9890");
            return Default;
        }
        if (address is not null && !IPAddress.IsLoopback(address) && !auth.IsConfigured)
        {
            const string Needed = "that needs tokens in auth.tokens first (docs/configuration.md#auth)";
            top.Report("listen", $"is '{listen}', which others can reach; {Needed}");
        }
        return listen;
    }
}
