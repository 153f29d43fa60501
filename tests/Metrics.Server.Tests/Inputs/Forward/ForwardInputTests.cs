using System.Buffers;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Metrics.Formats.Forward;
using Metrics.Inputs;
using Metrics.Inputs.Push;
using Metrics.Model;
using Metrics.Storage;
using Metrics.Storage.Forwarding;
using Metrics.Tests.Access;
using Microsoft.Extensions.DependencyInjection;
using EventLog = Metrics.Storage.Events.EventLog;

namespace Metrics.Tests.Inputs.Forward;

/// <summary>What a centre makes of what nodes send.</summary>
public sealed class ForwardInputTests
{
    private const string Path = "/" + ForwardClient.Path;

    /// <summary>2026-11-27T12:00:00Z in microseconds, as ids are.</summary>
    private const long Noon = 1_795_780_800_000_000;

    private static readonly ForwardHeader s_node = new("n1", "log1", "run1");

    [Fact]
    public async Task Each_event_is_stored_once_whatever_is_sent_again()
    {
        await using RunningDaemon daemon = await RunningDaemon.StartAsync("");
        (await PushAsync(daemon, s_node)).Should().Be((200, "{\"after\":0,\"refused\":0}"), "it asks how far it is");
        (await PushAsync(daemon, s_node, 1, 2, 3)).Should().Be((200, "{\"after\":3,\"refused\":0}"));
        (await PushAsync(daemon, s_node, 2, 3, 4)).Should().Be((200, "{\"after\":4,\"refused\":0}"));
        (await PushAsync(daemon, s_node, 1, 2)).Should().Be((200, "{\"after\":4,\"refused\":0}"));
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => PushAsync(daemon, s_node, 5, 6, 7)));
        ForwardHeader another = s_node with { Node = "n2", Log = "log2" };
        (await PushAsync(daemon, another, 1, 2)).Status.Should().Be(200, "it has ids of its own");
        (await EventsAsync(daemon)).Select(e => $"{Text(e, "host.name")} {Text(e, "body")}").Should()
            .Equal("n1 1", "n1 2", "n1 3", "n1 4", "n1 5", "n1 6", "n1 7", "n2 1", "n2 2");
    }

    [Fact]
    public async Task An_event_keeps_its_times_its_kind_its_fields_and_the_host_that_it_names()
    {
        await using RunningDaemon daemon = await RunningDaemon.StartAsync("");
        using var batch = new EventBatch("t");
        batch.Add(Noon * 1000, (Noon * 1000) + 7, "host.login", 9, "a \"b\"\n");
        batch.AddField("host.name", "switch-1");
        batch.AddField("user.name", "ann");
        batch.Ids[0] = 1;
        (await PushAsync(daemon, s_node, batch)).Status.Should().Be(200);
        JsonElement read = (await EventsAsync(daemon)).Single();
        foreach ((string field, string value) in new[]
        {
            ("time", "2026-11-27T12:00:00.000000000Z"), ("observed_time", "2026-11-27T12:00:00.000000007Z"), ("kind", "host.login"),
            ("severity_number", "9"), ("body", "a \"b\"\n"), ("host.name", "switch-1"), ("user.name", "ann"),
        })
            Text(read, field).Should().Be(value, field);
    }

    [Fact]
    public async Task What_a_node_has_lost_is_said_once_with_its_span()
    {
        await using RunningDaemon daemon = await RunningDaemon.StartAsync("");
        await PushAsync(daemon, s_node, Noon);
        ForwardHeader lost = s_node with { LostTo = Noon + 60_000_000 };
        (await PushAsync(daemon, lost, Noon + 60_000_001)).Text.Should().Be($"{{\"after\":{Noon + 60_000_001},\"refused\":0}}");
        await PushAsync(daemon, lost);
        List<JsonElement> events = await EventsAsync(daemon);
        events.Select(e => Text(e, "kind")).Should().Equal("log", "log.gap", "log");
        Text(events[1], "host.name").Should().Be("n1");
        Text(events[1], "body").Should().Be("n1 has sent its events up to 2026-11-27T12:00:00.000000000Z; of those up to "
            + "2026-11-27T12:01:00.000000000Z some were no longer there, for their age or size, when they could be sent, "
            + "or could not be taken here");
    }

    [Fact]
    public async Task A_log_that_was_begun_anew_is_said_and_taken_from_its_start()
    {
        await using RunningDaemon daemon = await RunningDaemon.StartAsync("");
        await PushAsync(daemon, s_node, Noon);
        ForwardHeader anew = s_node with { Log = "log2" };
        (await PushAsync(daemon, anew)).Text.Should().Be("{\"after\":0,\"refused\":0}");
        await PushAsync(daemon, anew, 5);
        await PushAsync(daemon, anew, 5);
        List<JsonElement> events = await EventsAsync(daemon);
        events.Select(e => Text(e, "kind")).Should().Equal("log", "log.gap", "log");
        Text(events[1], "body").Should().Be("n1 has begun a new event log; of the one before, what came after "
            + "2026-11-27T12:00:00.000000000Z and was not sent is lost");
    }

    [Fact]
    public async Task Another_machine_of_the_same_name_is_refused_and_counted()
    {
        await using RunningDaemon daemon = await RunningDaemon.StartAsync("");
        await PushAsync(daemon, s_node, 1);
        (await PushAsync(daemon, s_node with { Log = "log2", Session = "run2" }, 1)).Should().Be((409,
            "another metricsd, at 127.0.0.1, sends as the node 'n1'; give one of them another name (forward.node)\n"));
        (await daemon.OwnAsync("metricsd_forward_node_conflicts_total", "n1", "")).Should().Be(1);
        string own = await EventLogName.GetAsync(daemon.Services.GetRequiredService<EventLog>(), CancellationToken.None);
        (await PushAsync(daemon, new ForwardHeader("self", own, "run"), 1)).Should()
            .Be((409, "this is the very metricsd that sends (forward.url)\n"));
        (await EventsAsync(daemon)).Should().ContainSingle();
    }

    [Theory]
    [InlineData("", "line 1 is no JSON object with node, log and session: *")]
    [InlineData("{\"node\":\"n1\"}\n", "line 1 is no JSON object with node, log and session: *")]
    [InlineData("HEADER\n[1,2,3,\"log\",9,\"b\"]\n\n[2,2,3]\n", "line 4 has no kind, or one that is empty or too long\n")]
    [InlineData("HEADER\n[2,2,3,\"log\",9,\"b\"]\n[2,2,3,\"log\",9,\"b\"]\n",
        "line 3 has an id that is not greater than that of the line before\n")]
    public async Task Of_a_bad_body_nothing_is_taken_and_the_answer_says_where_it_is_bad(string body, string error)
    {
        await using RunningDaemon daemon = await RunningDaemon.StartAsync("");
        string text = body.Replace("HEADER", Encoding.UTF8.GetString(s_node.ToUtf8()), StringComparison.Ordinal);
        (int status, string said) = await daemon.AskAsync("POST", Path, body: new StringContent(text));
        status.Should().Be(400);
        said.Should().Match(error);
        (await EventsAsync(daemon)).Should().BeEmpty();
        (await PushAsync(daemon, s_node)).Text.Should().Be("{\"after\":0,\"refused\":0}");
    }

    [Fact]
    public async Task A_body_that_unpacks_to_more_than_there_may_be_is_refused()
    {
        await using RunningDaemon daemon = await RunningDaemon.StartAsync("");
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.SmallestSize, leaveOpen: true))
            await gzip.WriteAsync(new byte[64 << 20]);
        var content = new ByteArrayContent(packed.ToArray());
        content.Headers.ContentEncoding.Add("gzip");
        (await daemon.AskAsync("POST", Path, body: content)).Status.Should().Be(413);
    }

    [Fact]
    public async Task Kinds_of_lines_are_learned_on_the_node_and_not_once_more_at_the_centre()
    {
        await using RunningDaemon daemon = await RunningDaemon.StartAsync("");
        (await PushAsync(daemon, s_node, 1, 2)).Status.Should().Be(200);
        (await daemon.AskAsync("GET", "/api/v1/logs/templates")).Text.Should().Contain("\"data\":[]");
    }

    [Fact]
    public async Task After_a_commit_that_failed_the_same_events_are_taken()
    {
        await using RunningDaemon daemon = await RunningDaemon.StartAsync("");
        bool fails = true;
        var sink = new CollectingSink { Committing = () => fails ? throw new StoreException("it fails") : Task.CompletedTask };
        daemon.Services.GetRequiredService<PushLane>().Open(sink, AllowList.Everybody);
        (await PushAsync(daemon, s_node, 1, 2)).Should().Be((503, "it fails\n"));
        fails = false;
        (await PushAsync(daemon, s_node)).Text.Should().Be("{\"after\":0,\"refused\":0}");
        (await PushAsync(daemon, s_node, 1, 2)).Text.Should().Be("{\"after\":2,\"refused\":0}");
        (await sink.NextBodiesAsync(2)).Should().Equal("1", "2");
    }

    [Fact]
    public async Task A_bound_token_sends_of_its_own_node_alone()
    {
        await using RunningDaemon daemon = await RunningDaemon.StartAsync("""
            auth:
              tokens:
                - { name: n1, role: ingest, token: bound, hosts: [n1] }
                - { name: look, role: viewer, token: look }
            """);
        (await PushAsync(daemon, s_node with { Node = "n2" }, "bound", 1)).Should().Be((403, "this token may not send of the node 'n2'\n"));
        using var batch = new EventBatch("t");
        foreach (string host in (string[])["n1", "n2", ""])
        {
            batch.Add(Noon, Noon, "log", 9, $"of '{host}'");
            batch.AddField("host.name", host);
            batch.Ids[^1] = batch.Count;
        }
        (await PushAsync(daemon, s_node, batch, "bound")).Should()
            .Be((200, "{\"after\":3,\"refused\":1}"), "what is refused is not sent again");
        (await EventsAsync(daemon, "look")).Select(e => $"{Text(e, "host.name")} {Text(e, "body")}").Should()
            .Equal("n1 of 'n1'", "n1 of ''");
        (await daemon.OwnAsync("metricsd_sender_refused_total", "events", "look")).Should().Be(1);
        (await PushAsync(daemon, s_node, "look", 1)).Status.Should().Be(403);
    }

    [Fact]
    public async Task A_token_of_one_project_sends_of_no_node()
    {
        await using RunningDaemon daemon = await RunningDaemon.StartAsync("""
            auth:
              tokens:
                - { name: p1, role: ingest, token: bound, project_id: p1 }
                - { name: look, role: viewer, token: look }
            """);
        (await PushAsync(daemon, s_node, "bound", 1)).Should().Be((403,
            "this token is bound to a project_id, and a node has events of many; take one that is bound to hosts, or to nobody\n"));
        (await EventsAsync(daemon, "look")).Should().BeEmpty();
        (await daemon.OwnAsync("metricsd_forward_node_last_seen", "n1", "look")).Should().Be(0);
    }

    private static Task<(int Status, string Text)> PushAsync(RunningDaemon daemon, ForwardHeader header, params long[] ids) =>
        PushAsync(daemon, header, "", ids);

    private static async Task<(int Status, string Text)> PushAsync(
        RunningDaemon daemon, ForwardHeader header, string token, params long[] ids)
    {
        using var batch = new EventBatch("t");
        foreach (long id in ids)
        {
            batch.Add(Noon * 1000, Noon * 1000, "log", 9, $"{id}");
            batch.Ids[^1] = id;
        }
        return await PushAsync(daemon, header, batch, token);
    }

    private static async Task<(int Status, string Text)> PushAsync(
        RunningDaemon daemon, ForwardHeader header, EventBatch batch, string token = "")
    {
        var lines = new ArrayBufferWriter<byte>();
        lines.Write(header.ToUtf8());
        lines.Write("\n"u8);
        for (int row = 0; row < batch.Count; row++)
            ForwardRows.Write(batch, row, lines);
        return await daemon.AskAsync("POST", Path, token, body: new ByteArrayContent(lines.WrittenSpan.ToArray()));
    }

    private static async Task<List<JsonElement>> EventsAsync(RunningDaemon daemon, string token = "")
    {
        (_, string page) = await daemon.AskAsync("GET", "/api/v1/events?order=oldest&limit=1000", token);
        return [.. JsonDocument.Parse(page).RootElement.GetProperty("data").GetProperty("events").EnumerateArray()];
    }

    private static string Text(JsonElement one, string field) => one.TryGetProperty(field, out JsonElement value) ? value.ToString() : "";
}
