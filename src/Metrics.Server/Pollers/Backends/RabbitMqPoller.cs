using System.Net.Http.Headers;
using System.Text.Json;
using Metrics.Configuration;
using Metrics.Model;
using Metrics.Text;

namespace Metrics.Pollers.Backends;

/// <summary>RabbitMQ by its management API: nodes, queues, consumers, what is not acknowledged. Names are rabbitmq_exporter's.</summary>
/// <remarks>https://www.rabbitmq.com/docs/management#http-api ; https://github.com/kbudde/rabbitmq_exporter</remarks>
internal sealed class RabbitMqPoller(HttpMessageInvoker http, Uri url, string? username, Secret? password) : IPoller, IDisposable
{
    private static readonly (string Field, Metric Metric)[] s_totals =
    [
        ("connections", Metric.Gauge("rabbitmq_connections", "Connections.")), ("channels", Metric.Gauge("rabbitmq_channels", "Channels.")),
            ("consumers", Metric.Gauge("rabbitmq_consumers", "Consumers.")),
        ("queues", Metric.Gauge("rabbitmq_queues", "Queues.")), ("exchanges", Metric.Gauge("rabbitmq_exchanges", "Exchanges.")),
    ];

    private static readonly (string Field, Metric Metric)[] s_queue =
    [
        ("messages", Queue("messages", "Messages of a queue, ready or not acknowledged.")),
            ("messages_ready", Queue("messages_ready", "Messages of a queue that wait for a consumer.")),
        ("messages_unacknowledged", Queue("messages_unacknowledged", "Messages of a queue that were delivered and not acknowledged.")),
            ("consumers", Queue("consumers", "Consumers of a queue.")),
        ("memory", Queue("memory", "Memory of a queue, bytes.")),
    ];

    private static readonly (string Field, Metric Metric)[] s_node =
    [
        ("running", Node("running", "Whether a node runs.")), ("mem_used", Node("node_mem_used", "Memory of a node, bytes.")),
            ("mem_limit", Node("node_mem_limit", "Memory at which a node takes no more messages, bytes.")),
        ("mem_alarm", Node("node_mem_alarm", "Whether a node has too little memory and takes no messages.")),
            ("disk_free", Node("node_disk_free", "Free disk of a node, bytes.")),
        ("disk_free_alarm", Node("node_disk_free_alarm", "Whether a node has too little disk and takes no messages.")),
            ("fd_used", Node("fd_used", "Open files of a node.")), ("fd_total", Node("fd_available", "Files that a node may open.")),
        ("sockets_used", Node("sockets_used", "Open sockets of a node.")),
    ];

    private static readonly Metric s_partitions =
        Metric.Gauge("rabbitmq_partitions", "Other nodes from which a node sees itself cut off.", "node");

    public async ValueTask PollAsync(SampleSink sink, CancellationToken ct)
    {
        using JsonDocument overview = await GetAsync("/api/overview", ct);
        JsonElement totals = overview.RootElement.Child("object_totals") ?? throw new FormatException("/api/overview: no object_totals");
        foreach ((string field, Metric metric) in s_totals)
            Add(sink, metric, totals, field);
        using JsonDocument nodes = await GetAsync("/api/nodes", ct);
        foreach (JsonElement node in nodes.RootElement.Elements("/api/nodes"))
        {
            string name = node.Text("name");
            foreach ((string field, Metric metric) in s_node)
                Add(sink, metric, node, field, name);
            if (node.List("partitions") is { } partitions)
                sink.Add(s_partitions, partitions.GetArrayLength(), name);
        }
        using JsonDocument queues =
            await GetAsync("/api/queues?disable_stats=false&columns=vhost,name,messages,messages_ready,messages_unacknowledged,consumers,memory", ct);
        foreach (JsonElement queue in queues.RootElement.Elements("/api/queues"))
        {
            foreach ((string field, Metric metric) in s_queue)
                Add(sink, metric, queue, field, queue.Text("vhost"), queue.Text("name"));
        }
    }

    public override string ToString() => ShownUrl.Of(url);

    public void Dispose() => http.Dispose();

    private static Metric Queue(string name, string help) => Metric.Gauge($"rabbitmq_queue_{name}", help, "vhost", "queue");

    private static Metric Node(string name, string help) => Metric.Gauge($"rabbitmq_{name}", help, "node");

    private static void Add(SampleSink sink, Metric metric, JsonElement from, string field, params ReadOnlySpan<string> labels)
    {
        if (from.ValueKind != JsonValueKind.Object || !from.TryGetProperty(field, out JsonElement value))
            return;
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False)
            sink.Add(metric, value.GetBoolean() ? 1 : 0, labels);
        else if (value.ValueKind == JsonValueKind.Number)
            sink.Add(metric, value.GetDouble(), labels);
    }

    private async Task<JsonDocument> GetAsync(string path, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(url.ToString().TrimEnd('/') + path));
        if (BasicAuthorization.Of(username, password) is { } authorization)
            request.Headers.Authorization = AuthenticationHeaderValue.Parse(authorization);
        using HttpResponseMessage response = await http.SendAsync(request, ct);
        if (!response.IsSuccessStatusCode)
            throw new HttpRequestException($"{path.Split('?')[0]}: HTTP status {(int)response.StatusCode} {response.ReasonPhrase}");
        await using Stream body = await response.Content.ReadAsStreamAsync(ct);
        return await LenientJson.ReadAsync(body, ct);
    }
}
