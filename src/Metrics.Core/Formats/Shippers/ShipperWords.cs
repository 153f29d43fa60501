using System.Collections.Frozen;
using Metrics.Model;

namespace Metrics.Formats.Shippers;

/// <summary>What shippers of logs say of a line, whatever they call it.</summary>
public enum ShipperField
{
    /// <summary>The machine that has written it (<see cref="EventFields.Host"/>).</summary>
    Host,

    /// <summary>The service that has written it (<see cref="EventFields.Service"/>).</summary>
    Service,

    /// <summary>The program, as syslog and journals name it (<see cref="EventFields.ProcessName"/>).</summary>
    Program,

    /// <summary>The process by number (<see cref="EventFields.ProcessId"/>).</summary>
    ProcessId,

    /// <summary>The unit of systemd's (<see cref="EventFields.SystemdUnit"/>).</summary>
    Unit,

    /// <summary>The shipper's own word for where it collects; the service where nothing else names one.</summary>
    Job,

    /// <summary>The file from which it was read (<see cref="EventFields.LogFilePath"/>).</summary>
    Path,

    /// <summary>How bad it is, by word or by syslog's number (<see cref="EventFields.Level"/>).</summary>
    Level,

    /// <summary>When it was written.</summary>
    Time,

    /// <summary>The line itself.</summary>
    Text,
}

/// <summary>The words that shippers use: Promtail and Alloy, Fluent Bit, Vector, and what they pass on of syslog and journals.</summary>
/// <remarks>docs/inputs.md lists them for people.</remarks>
public static class ShipperWords
{
    /// <summary>The words of each field; where a line has several of one field, the first of these is it.</summary>
    public static IReadOnlyDictionary<ShipperField, IReadOnlyList<string>> All { get; } =
        new Dictionary<ShipperField, IReadOnlyList<string>>
        {
            [ShipperField.Host] =
                ["host.name", "host", "hostname", "_HOSTNAME", "host_name", "node_name", "nodename", "node", "instance"],
            [ShipperField.Service] =
                ["service.name", "service_name", "service", "app", "application", "container_name", "container"],
            [ShipperField.Program] = ["process.name", "SYSLOG_IDENTIFIER", "syslog_identifier", "appname", "ident", "_COMM"],
            [ShipperField.ProcessId] = ["process.pid", "_PID", "procid", "pid"],
            [ShipperField.Unit] = ["systemd.unit", "_SYSTEMD_UNIT", "systemd_unit", "unit"],
            [ShipperField.Job] = ["job"],
            [ShipperField.Path] = ["log.file.path", "filename", "file", "path"],
            [ShipperField.Level] = ["log.level", "level", "detected_level", "severity", "severity_text", "log_level", "PRIORITY"],
            [ShipperField.Time] = ["time", "timestamp", "@timestamp", "date", "ts"],
            [ShipperField.Text] = ["message", "log", "msg", "MESSAGE"],
        };

    /// <summary>Fields and the place of the word among those of its field, by word.</summary>
    private static readonly FrozenDictionary<string, (ShipperField Field, int Rank)> s_words =
        All.SelectMany(f => f.Value.Select((word, rank) => (word, f.Key, rank))).ToFrozenDictionary(w => w.word, w => (w.Key, w.rank));

    /// <summary>The field that a word means.</summary>
    /// <param name="word">As the shipper writes it.</param>
    /// <param name="field">The field.</param>
    /// <param name="rank">Of several words of one field, the one with the lowest is it.</param>
    public static bool TryFind(string word, out ShipperField field, out int rank)
    {
        bool isKnown = s_words.TryGetValue(word, out (ShipperField Field, int Rank) found);
        (field, rank) = found;
        return isKnown;
    }
}
