namespace Metrics.Formats.Logs.OpenStack;

/// <summary>From which level on each logger of a service writes.</summary>
/// <param name="Root">That of loggers for which nothing else is said: Python's number, DEBUG or INFO.</param>
/// <param name="ByLogger">That of loggers, and of those below them.</param>
internal sealed record OsloLevels(int Root, IReadOnlyDictionary<string, int> ByLogger)
{
    private const int Debug = 10, Info = 20;

    /// <summary>The default of <c>default_log_levels</c> (oslo_log/_options.py).</summary>
    private const string Default =
        "amqp=WARN,amqplib=WARN,boto=WARN,qpid=WARN,sqlalchemy=WARN,suds=INFO,oslo.messaging=INFO,oslo_messaging=INFO,iso8601=WARN,"
        + "requests.packages.urllib3.connectionpool=WARN,urllib3.connectionpool=WARN,websocket=WARN,"
        + "requests.packages.urllib3.util.retry=WARN,urllib3.util.retry=WARN,keystonemiddleware=WARN,routes.middleware=WARN,"
        + "stevedore=WARN,taskflow=WARN,keystoneauth=WARN,oslo.cache=INFO,oslo_policy=INFO,dogpile.core.dogpile=INFO";

    private static readonly Dictionary<string, int> s_numbers = new(StringComparer.OrdinalIgnoreCase)
    {
        ["NOTSET"] = 0, ["DEBUG"] = 10, ["INFO"] = 20, ["WARN"] = 30, ["WARNING"] = 30, ["ERROR"] = 40, ["CRITICAL"] = 50, ["FATAL"] = 50,
    };

    /// <summary>Reads the options; what names no level is passed over.</summary>
    /// <param name="isDebug"><c>debug</c>.</param>
    /// <param name="levels"><c>default_log_levels</c>: <c>logger=LEVEL,…</c>; null is its default.</param>
    public static OsloLevels Read(bool isDebug, string? levels)
    {
        var byLogger = new Dictionary<string, int>();
        foreach (string pair in (levels ?? Default).Split(','))
        {
            if (pair.Split('=') is [var logger, var level] && NumberOf(level.Trim()) is { } number)
                byLogger[logger.Trim()] = number;
        }
        return new OsloLevels(isDebug ? Debug : Info, byLogger);
    }

    /// <summary>Python's number of a level; null where none has that name.</summary>
    public static int? NumberOf(string level) => s_numbers.TryGetValue(level, out int number) ? number : null;

    /// <summary>A level by Python's number.</summary>
    public static string NameOf(int level) => s_numbers.First(n => n.Value == level).Key;

    /// <summary>Which loggers write less than with other levels, in words; null where none does.</summary>
    public string? WhyLessThan(OsloLevels before)
    {
        List<string> less =
        [
            .. ByLogger.Keys.Union(before.ByLogger.Keys).Order(StringComparer.Ordinal)
                .Where(logger => Of(logger) > before.Of(logger))
                .Select(logger => $"{logger} writes {NameOf(Of(logger))} and above only, before it was {NameOf(before.Of(logger))}"),
        ];
        return less.Count == 0 ? null : string.Join("; ", less);
    }

    /// <summary>The level of a logger: its own, or that of the nearest one above it.</summary>
    private int Of(string logger)
    {
        for (string name = logger; ; name = name[..name.LastIndexOf('.')])
        {
            if (ByLogger.TryGetValue(name, out int level) && level > 0)
                return level;
            if (!name.Contains('.'))
                return Root;
        }
    }
}
