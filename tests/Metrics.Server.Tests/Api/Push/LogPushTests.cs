using System.IO.Compression;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Metrics.Inputs;
using Metrics.Inputs.Push;
using Metrics.Storage;
using Metrics.Tests.Access;
using Metrics.Tests.Inputs;
using Microsoft.Extensions.DependencyInjection;
using Snappier;

namespace Metrics.Tests.Api.Push;

/// <summary>Lines of logs over HTTP: Loki's push API and JSON lines, with bodies that real senders have sent.</summary>
public sealed class LogPushTests
{
    private const string Loki = "/loki/api/v1/push";
    private const string Events = "/api/v1/events";
    private const string Binary = "application/x-protobuf";
    private const string Json = "application/json";
    private const string Lines = "application/x-ndjson";

    [Theory]
    [InlineData("winston-loki.snappy", Binary, "protobuf")]
    [InlineData("winston-loki.json", Json, "json")]
    public async Task What_winston_loki_has_sent_is_answered_204_and_read_back_with_its_labels(string file, string type, string word)
    {
        await using RunningDaemon daemon = await RunningDaemon.StartAsync("");
        (await PushAsync(daemon, Loki, await File.ReadAllBytesAsync(Cases.Own(file)), type)).Should().Be((204, ""));
        List<JsonElement> events = await EventsAsync(daemon);
        events.Select(e => Text(e, "body").Split(" {")[0]).Should().Equal($"{word} one", $"{word} two \"quoted\" ü", $"{word} three");
        events.Select(e => Text(e, "log.level")).Should().Equal("info", "error", "debug");
        events.Select(e => e.GetProperty("severity_number").GetInt32()).Should().Equal(9, 17, 5);
        events.Select(e => $"{Text(e, "host.name")} {Text(e, "service.name")} {Text(e, "labels.job")}").Should()
            .AllBe("ctl-1 nova-api winston");
        Text(events[1], "labels.env").Should().Be("prod");
        Text(events[0], "time").Should().StartWith("2026-11-27T08:").And.EndWith("000000Z");
    }

    [Fact]
    public async Task What_pino_loki_has_sent_is_read_back_with_its_structured_metadata()
    {
        await using RunningDaemon daemon = await RunningDaemon.StartAsync("");
        (await PushAsync(daemon, Loki, await File.ReadAllBytesAsync(Cases.Own("pino-loki.json")), Json)).Status.Should().Be(204);
        List<JsonElement> events = await EventsAsync(daemon);
        events.Select(e => Text(e, "service.name")).Should().Equal("glance", "glance");
        Text(events[1], "labels.request_id").Should().Be("req-1");
        events[0].TryGetProperty("labels.request_id", out _).Should().BeFalse("that was said of the other line");
    }

    [Fact]
    public async Task A_line_is_the_same_event_whether_it_comes_by_Loki_or_as_JSON_and_its_text_is_understood()
    {
        const string Line = "Nov 27 08:00:01 ctl-1 sshd[7]: Failed password for ann from 192.0.2.7 port 5 ssh2";
        await using RunningDaemon daemon = await RunningDaemon.StartAsync("");
        string stream = $$$"""{"streams":[{"stream":{"filename":"/var/log/auth.log"},"values":[["1795766401000000000","{{{Line}}}"]]}]}""";
        string vector = $$"""{"file":"/var/log/auth.log","message":"{{Line}}","timestamp":"2026-11-27T08:00:01Z"}""";
        (await PushAsync(daemon, Loki, Encoding.UTF8.GetBytes(stream), Json)).Status.Should().Be(204);
        (await PushAsync(daemon, Events, Encoding.UTF8.GetBytes(vector), Lines)).Status.Should().Be(204);
        (await PushAsync(daemon, Events, Encoding.UTF8.GetBytes($"[{vector},\n{vector}]"), Json)).Status.Should().Be(204);
        List<string> events = [.. (await EventsAsync(daemon)).Select(Known)];
        events.Should().HaveCount(4);
        events[0].Should().Contain("\"kind\":\"host.login\"")
            .And.Contain("\"user.name\":\"ann\"")
            .And.Contain("\"source.ip\":\"192.0.2.7\"")
            .And.Contain("\"log.file.path\":\"/var/log/auth.log\"").And.Contain("\"host.name\":\"ctl-1\"");
        events.Distinct().Should().ContainSingle();
    }

    [Theory]
    [InlineData(false, "gzip")]
    [InlineData(true, "gzip")]
    [InlineData(true, "snappy")]
    [InlineData(true, "")]
    public async Task It_may_be_packed_as_senders_of_Loki_do(bool isBinary, string encoding)
    {
        await using RunningDaemon daemon = await RunningDaemon.StartAsync("");
        byte[] body = await File.ReadAllBytesAsync(Cases.Own(isBinary ? "winston-loki.snappy" : "winston-loki.json"));
        if (encoding == "gzip")
            body = Gzip(body);
        (await PushAsync(daemon, Loki, body, isBinary ? Binary : Json, encoding)).Should().Be((204, ""));
        (await EventsAsync(daemon)).Should().HaveCount(3);
    }

    [Theory]
    [InlineData(Json, "{\"streams\": [{\"stream\": {}, \"values\": [[\"1795766401000000000\", \"a\"]]}]", "the body is no JSON")]
    [InlineData(Json, "{\"lines\": []}", "the body has no streams")]
    [InlineData(Json, "", "no JSON")]
    [InlineData(Binary, "{\"streams\": []}", "the body is not packed by snappy")]
    [InlineData(Binary, "", "the body is not packed by snappy")]
    public async Task Of_what_is_no_push_nothing_is_taken_and_it_is_said_why(string type, string body, string why)
    {
        await using RunningDaemon daemon = await RunningDaemon.StartAsync("");
        (int status, string text) = await PushAsync(daemon, Loki, Encoding.UTF8.GetBytes(body), type);
        status.Should().Be(400);
        text.Should().Contain(why).And.EndWith("\n");
        (await EventsAsync(daemon)).Should().BeEmpty();
    }

    [Fact]
    public async Task Of_a_binary_push_that_was_cut_off_anywhere_nothing_is_taken()
    {
        await using RunningDaemon daemon = await RunningDaemon.StartAsync("");
        byte[] whole = await File.ReadAllBytesAsync(Cases.Own("winston-loki.snappy"));
        for (int length = 0; length < whole.Length; length += 3)
            (await PushAsync(daemon, Loki, whole[..length], Binary)).Status.Should().Be(400, $"{length} of {whole.Length} bytes came");
        (await EventsAsync(daemon)).Should().BeEmpty();
    }

    [Fact]
    public async Task A_small_body_that_unpacks_to_a_large_one_is_refused_before_it_is_unpacked()
    {
        await using RunningDaemon daemon = await RunningDaemon.StartAsync("");
        byte[] bomb = Snappy.CompressToArray(new byte[(32 << 20) + 1]);
        (int status, string text) = await PushAsync(daemon, Loki, Gzip(bomb), Binary, "gzip");
        status.Should().Be(413);
        text.Should().Contain("the body is larger than 32 MiB");
        // It says four gigabytes, and is five bytes long.
        (await PushAsync(daemon, Loki, [0xFF, 0xFF, 0xFF, 0xFF, 0x0F], Binary)).Status.Should().Be(413);
    }

    [Fact]
    public async Task Bad_lines_are_named_and_counted_and_the_good_ones_of_the_same_body_kept()
    {
        await using RunningDaemon daemon = await RunningDaemon.StartAsync("");
        const string Push = """
            {"streams":[
              {"stream":{"app":"a"},"values":[["1795766401000000000","one"],["x","bad time"],["1795766402000000000","two"]]},
              {"stream":{"app":"b"},"values":[["9223372036854775807","too late"],["-1","too early"],["1795766403000000000","three"]]}]}
            """;
        (int status, string text) = await PushAsync(daemon, Loki, Encoding.UTF8.GetBytes(Push), Json);
        status.Should().Be(400);
        text.Should().Be("3 lines are refused: stream 1 entry 2 is no [\"nanoseconds since 1970\", \"line\"]; "
            + "stream 2 entry 1 has a time before 1970 or more than a day ahead; "
            + "stream 2 entry 2 has a time before 1970 or more than a day ahead; the other 3 lines are stored\n");
        (await EventsAsync(daemon)).Select(e => Text(e, "body")).Should().Equal("one", "two", "three");
        (await daemon.OwnAsync("metricsd_push_lines_refused_total", "", "")).Should().Be(3);
        (await daemon.OwnAsync("metricsd_push_requests_total", $"endpoint=\"{Loki}\",status=\"400\"", "")).Should().Be(1);
    }

    [Fact]
    public async Task A_bad_object_of_an_array_is_named_and_a_broken_array_is_refused_whole()
    {
        await using RunningDaemon daemon = await RunningDaemon.StartAsync("");
        byte[] mixed = Encoding.UTF8.GetBytes("""[{"message":"one"},{"x":1},7,{"message":"two"}]""");
        (int status, string text) = await PushAsync(daemon, Events, mixed, Json);
        status.Should().Be(400);
        text.Should().Contain("\"accepted\":2,\"refused\":2").And.Contain("object 2 has neither kind nor body")
            .And.Contain("object 3 is no JSON object");
        (status, text) = await PushAsync(daemon, Events, mixed[..^1], Json);
        status.Should().Be(400);
        text.Should().Contain("the array is no JSON").And.Contain("\"accepted\":0");
        (await EventsAsync(daemon)).Select(e => Text(e, "body")).Should().Equal("one", "two");
    }

    [Theory]
    [InlineData(429)]
    [InlineData(503)]
    public async Task Who_cannot_be_served_now_is_asked_to_come_again(int status)
    {
        await using RunningDaemon daemon = await RunningDaemon.StartAsync("");
        var sink = new CollectingSink
        {
            Committing = () => throw (status == 429 ? new StoreFullException("its queue is full") : new StoreException("it fails")),
        };
        daemon.Services.GetRequiredService<PushLane>().Open(sink, AllowList.Everybody);
        using HttpContent content = Content(await File.ReadAllBytesAsync(Cases.Own("winston-loki.snappy")), Binary, "");
        using HttpResponseMessage response = await daemon.SendAsync("POST", Loki, body: content);
        ((int)response.StatusCode).Should().Be(status);
        response.Headers.RetryAfter!.ToString().Should().Be("1");
        (await response.Content.ReadAsStringAsync()).Should().Contain(status == 429 ? "its queue is full" : "it fails");
    }

    [Fact]
    public async Task A_token_of_the_role_ingest_may_push_and_one_that_is_bound_to_a_host_says_nothing_of_others()
    {
        await using RunningDaemon daemon = await RunningDaemon.StartAsync("""
            auth:
              tokens:
                - { name: all, role: ingest, token: all }
                - { name: bound, role: ingest, hosts: [ctl-1], token: bound }
                - { name: see, role: viewer, token: see }
            """);
        byte[] push = Encoding.UTF8.GetBytes("""
            {"streams":[{"stream":{"host":"ctl-2"},"values":[["1795766401000000000","of another"]]},
              {"stream":{"app":"x"},"values":[["1795766401000000000","of nobody"]]}]}
            """);
        (await PushAsync(daemon, Loki, push, Json)).Status.Should().Be(401);
        (await PushAsync(daemon, Loki, push, Json, token: "see")).Status.Should().Be(403);
        (int status, string text) = await PushAsync(daemon, Loki, push, Json, token: "bound");
        status.Should().Be(400);
        text.Should().Contain("stream 1 entry 1 host is 'ctl-2', of which this token may not send");
        (await EventsAsync(daemon, "see")).Select(e => Text(e, "body") + Text(e, "host.name")).Should().Equal("of nobodyctl-1");
        (await PushAsync(daemon, Loki, push, Json, token: "all")).Status.Should().Be(204);
    }

    [Fact]
    public async Task A_push_that_is_sent_again_is_answered_the_same_and_stored_once_also_while_the_first_is_on_its_way()
    {
        await using RunningDaemon daemon = await RunningDaemon.StartAsync("");
        byte[] push = Encoding.UTF8.GetBytes(
            """{"streams":[{"stream":{},"values":[["1795766401000000000","one"],["1795766401000000000","one"],["x","bad"]]}]}""");
        (int, string)[] answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => PushAsync(daemon, Loki, push, Json)));
        answers.Distinct().Should().ContainSingle().Which.ToString().Should().StartWith("(400, 1 lines are refused");
        (await PushAsync(daemon, Loki, push, Json)).Status.Should().Be(400);
        (await EventsAsync(daemon)).Should().HaveCount(2);
        (await daemon.OwnAsync("metricsd_push_repeated_total", "", "")).Should().Be(4);
        (await daemon.OwnAsync("metricsd_push_events_total", "", "")).Should().Be(2);
        byte[] undated = Encoding.UTF8.GetBytes("""{"message":"alive"}""");
        (await PushAsync(daemon, Events, undated, Lines)).Status.Should().Be(204);
        (await PushAsync(daemon, Events, undated, Lines)).Status.Should().Be(204);
        (await EventsAsync(daemon)).Should().HaveCount(4, "what has no time of its own may be meant twice");
    }

    [Fact]
    public async Task A_push_that_could_not_be_stored_is_stored_when_it_is_sent_again()
    {
        await using RunningDaemon daemon = await RunningDaemon.StartAsync("");
        PushLane lane = daemon.Services.GetRequiredService<PushLane>();
        bool fails = true;
        var sink = new CollectingSink { Committing = () => fails ? throw new StoreException("it fails") : Task.CompletedTask };
        lane.Open(sink, AllowList.Everybody);
        byte[] push = await File.ReadAllBytesAsync(Cases.Own("winston-loki.json"));
        (await PushAsync(daemon, Loki, push, Json)).Status.Should().Be(503);
        fails = false;
        (await PushAsync(daemon, Loki, push, Json)).Status.Should().Be(204);
        (await PushAsync(daemon, Loki, push, Json)).Status.Should().Be(204);
        sink.Batches.Should().Be(1);
    }

    [Fact]
    public async Task Who_looks_whether_Loki_is_ready_is_answered()
    {
        await using RunningDaemon daemon = await RunningDaemon.StartAsync("");
        (await daemon.AskAsync("GET", "/ready")).Should().Be((200, "metricsd is ready.\n"));
    }

    private static async Task<(int Status, string Text)> PushAsync(
        RunningDaemon daemon, string path, byte[] body, string type, string encoding = "", string? token = null)
    {
        using HttpContent content = Content(body, type, encoding);
        return await daemon.AskAsync("POST", path, token, body: content);
    }

    private static ByteArrayContent Content(byte[] body, string type, string encoding)
    {
        var content = new ByteArrayContent(body);
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        if (encoding.Length > 0)
            content.Headers.ContentEncoding.Add(encoding);
        return content;
    }

    /// <summary>What is there, the oldest first.</summary>
    private static async Task<List<JsonElement>> EventsAsync(RunningDaemon daemon, string? token = null)
    {
        (_, string text) = await daemon.AskAsync("GET", Events + "?order=oldest", token);
        return [.. JsonDocument.Parse(text).RootElement.GetProperty("data").GetProperty("events").EnumerateArray()];
    }

    private static string Text(JsonElement one, string field) => one.TryGetProperty(field, out JsonElement value) ? value.GetString()! : "";

    /// <summary>An event without what depends on when it came.</summary>
    private static string Known(JsonElement one) => JsonSerializer.Serialize(
        one.EnumerateObject().Where(p => p.Name is not ("id" or "observed_time")).OrderBy(p => p.Name, StringComparer.Ordinal)
            .ToDictionary(p => p.Name, p => p.Value));

    private static byte[] Gzip(byte[] body)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal))
            gzip.Write(body);
        return packed.ToArray();
    }
}
