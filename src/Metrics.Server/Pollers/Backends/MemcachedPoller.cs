using System.Globalization;
using System.Net.Sockets;
using Metrics.Model;

namespace Metrics.Pollers.Backends;

/// <summary>memcached by its command <c>stats</c>. Names are memcached_exporter's.</summary>
/// <remarks>
/// https://github.com/memcached/memcached/blob/master/doc/protocol.txt ; https://github.com/prometheus/memcached_exporter
/// </remarks>
internal sealed class MemcachedPoller(string host, int port) : IPoller
{
    private const int MaxLines = 1000;

    private static readonly Dictionary<string, Metric> s_metrics = new()
    {
        ["uptime"] = Metric.Counter("memcached_uptime_seconds", "How long the server has run."),
        ["curr_connections"] = Metric.Gauge("memcached_current_connections", "Open connections."),
        ["max_connections"] = Metric.Gauge("memcached_max_connections", "Connections that may be open."),
        ["listen_disabled_num"] =
            Metric.Counter("memcached_connections_listener_disabled_total", "How often the bound of connections was met."),
        ["bytes"] = Metric.Gauge("memcached_current_bytes", "Bytes of all items."),
        ["limit_maxbytes"] = Metric.Gauge("memcached_limit_bytes", "Bytes that items may have."),
        ["curr_items"] = Metric.Gauge("memcached_current_items", "Items."),
        ["total_items"] = Metric.Counter("memcached_items_total", "Items that have been stored."),
        ["evictions"] = Metric.Counter("memcached_items_evicted_total", "Items that were thrown out for want of room."),
        ["bytes_read"] = Metric.Counter("memcached_read_bytes_total", "Bytes read from the network."),
        ["bytes_written"] = Metric.Counter("memcached_written_bytes_total", "Bytes written to the network."),
    };

    private static readonly Metric s_commands =
        Metric.Counter("memcached_commands_total", "Commands by kind and outcome.", "command", "status");

    public async ValueTask PollAsync(SampleSink sink, CancellationToken ct)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(host, port, ct);
        await using NetworkStream stream = client.GetStream();
        await stream.WriteAsync("stats\r\n"u8.ToArray(), ct);
        using var reader = new StreamReader(stream);
        for (int i = 0; i < MaxLines; i++)
        {
            string line = await reader.ReadLineAsync(ct) ?? throw new IOException("the server closed the connection");
            if (line == "END")
                return;
            string[] words = line.Split(' ');
            if (words.Length != 3 || words[0] != "STAT")
                throw new FormatException($"'{line}' is no line of stats");
            if (!double.TryParse(words[2], NumberStyles.Float, CultureInfo.InvariantCulture, out double value))
                continue;
            if (s_metrics.TryGetValue(words[1], out Metric? metric))
                sink.Add(metric, value);
            else if (Command(words[1]) is { } command)
                sink.Add(s_commands, value, command.Name, command.Status);
        }
        throw new FormatException($"more than {MaxLines} lines of stats");
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{host}:{port}");

    private static (string Name, string Status)? Command(string name) => name switch
    {
        "cmd_set" => ("set", "hit"),
        _ when name.EndsWith("_hits", StringComparison.Ordinal) && !name.Contains("slab", StringComparison.Ordinal) => (name[..^5], "hit"),
        _ when name.EndsWith("_misses", StringComparison.Ordinal) => (name[..^7], "miss"),
        _ => null,
    };
}
