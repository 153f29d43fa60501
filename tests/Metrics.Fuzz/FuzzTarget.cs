namespace Metrics.Fuzz;

/// <summary>A reader of what outsiders send, tried with bytes of any kind.</summary>
/// <param name="Name">The word of the command line and of the corpus' folder.</param>
/// <param name="Try">Reads an input. Throws when anything but what it documents comes of it, or when what must hold of it does not.</param>
internal sealed record FuzzTarget(string Name, Action<ReadOnlyMemory<byte>> Try)
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new("alerts", AlertsTarget.Try),
        new("cloud", CloudTarget.Try),
        new("configuration", ConfigurationTarget.Try),
        new("events", EventsTarget.Try),
        new("exposition", ExpositionTarget.Try),
        new("file-sd", DiscoveryTarget.Try),
        new("forward", ForwardTarget.Try),
        new("influx-answer", InfluxTarget.Try),
        new("line-protocol", LineProtocolTarget.Try),
        new("logs", LogsTarget.Try),
        new("loki", LokiTarget.Try),
        new("loki-json", LokiTarget.TryJson),
        new("matchers", MatchersTarget.Try),
        new("promql", PromqlTarget.Try),
        new("relp", RelpTarget.Try),
        new("rules", RulesTarget.Try),
        new("syslog", SyslogTarget.Try),
        new("syslog-stream", SyslogStreamTarget.Try),
    ];

    /// <summary>Where the corpora are: beside the program.</summary>
    public static string Corpora { get; } = Path.Combine(AppContext.BaseDirectory, "corpus");

    /// <summary>The inputs of its corpus.</summary>
    public IEnumerable<string> Corpus() => Directory.GetFiles(Path.Combine(Corpora, Name)).Order(StringComparer.Ordinal);
}
