using System.Text;
using System.Text.Json;
using Metrics.Tests.Access;
using Metrics.Tests.Cli;

namespace Metrics.Tests.Api.Events;

/// <summary>Somebody asks what an account did: what happened around it is there, and why.</summary>
public sealed class AboutApiTests
{
    private const string Alice = "field=user.name&value=alice";

    private static readonly DateTimeOffset s_noon = TimeProvider.System.GetUtcNow().AddHours(-3);

    [Fact]
    public async Task What_shares_request_session_origin_instance_or_account_stands_around_in_time()
    {
        await using RunningDaemon daemon = await RunningDaemon.StartAsync("");
        await SendAsync(daemon,
            Line(0, "login", """ "user.name":"alice","user.id":"8f1cafe0","source.ip":"10.0.0.7","openstack.request_id":"req-1" """),
            Line(1, "create", """ "user.id":"8f1cafe0","openstack.request_id":"req-2","cloud.instance.id":"vm-1" """),
            Line(2, "delete", """ "user.name":"alice","cloud.instance.id":"vm-1","host":"nova-1","process.pid":"77" """),
            Line(3, "spawned", """ "cloud.instance.id":"vm-1","host":"nova-2" """),
            Line(4, "same pid", """ "host":"nova-1","process.pid":"77" """),
            Line(5, "other machine", """ "host":"nova-2","process.pid":"77" """),
            Line(6, "bob from there", """ "user.name":"bob","source.ip":"10.0.0.7" """),
            Line(7, "token", """ "openstack.request_id":"req-9","openstack.global_request_id":"req-1" """),
            Line(8, "made bob", """ "user.name":"root","user.target.name":"alice" """),
            Line(9, "nobody", """ "user.name":"carol","source.ip":"10.0.0.8" """),
            Line(90, "much later", """ "source.ip":"10.0.0.7" """));
        JsonElement data = await AskAsync(daemon, Alice + "&from=1d");
        Shown(data).Should().Equal(
            "about: login", "same instance, same account: create", "about: delete", "same instance: spawned", "same session, same host: same pid",
            "same origin: bob from there", "same request: token", "about: made bob");
        data.GetProperty("notFollowed").GetArrayLength().Should().Be(0);
        data.GetProperty("cut").GetArrayLength().Should().Be(0);
        Shown(await AskAsync(daemon, Alice + "&around=2h")).Should().EndWith("same origin: much later");
        Shown(await AskAsync(daemon, "field=source_ip&value=10.0.0.8")).Should().Equal("about: nobody");
        Shown(await AskAsync(daemon, "field=openstack.request_id&value=req-1&around=0s")).Should().Equal("about: login", "about: token");
    }

    [Fact]
    public async Task What_everybody_shares_is_not_followed_and_that_is_said()
    {
        await using RunningDaemon daemon = await RunningDaemon.StartAsync("");
        IEnumerable<string> crowd =
            Enumerable.Range(0, 30).Select(n => Line(1, "crowd", $$""" "user.name":"u{{n}}","source.ip":"10.0.0.1" """));
        IEnumerable<string> noise = Enumerable.Range(0, 300).Select(_ => Line(1, "noise", """ "host":"ctl-1","process.pid":"5" """));
        IEnumerable<string> worker = Enumerable.Range(0, 3).Select(n =>
            Line(1, "worker", $$""" "host":"ctl-2","process.pid":"6","openstack.request_id":"req-{{n}}" """));
        await SendAsync(daemon, [
            Line(0, "login", """ "user.name":"alice","source.ip":"10.0.0.1","host":"ctl-1","user.id":"1000" """),
            Line(0, "local", """ "user.name":"alice","source.ip":"127.0.0.1","host":"ctl-2","process.pid":"6" """),
            .. crowd, .. noise, .. worker]);
        JsonElement data = await AskAsync(daemon, Alice);
        Shown(data).Should().Equal("about: login", "about: local", "same host: worker", "same host: worker", "same host: worker");
        data.GetProperty("notFollowed").EnumerateArray().Select(n => $"{n.GetProperty("value")}: {n.GetProperty("reason")}").Should()
            .BeEquivalentTo(
                "source.ip=10.0.0.1: 31 accounts share it", "source.ip=127.0.0.1: every machine has it",
                "user.id=1000: every machine gives such numbers anew", "process.pid=6 on ctl-2: it has worked on 3 requests",
                "host.name=ctl-1: 300 other events of the time share it");
    }

    [Fact]
    public async Task What_is_beyond_the_limit_is_said_and_what_shares_most_is_kept()
    {
        await using RunningDaemon daemon = await RunningDaemon.StartAsync("");
        await SendAsync(daemon,
            Line(0, "old", """ "user.name":"alice" """),
            Line(1, "new", """ "user.name":"alice","source.ip":"10.0.0.7","openstack.request_id":"req-1" """),
            Line(2, "origin", """ "source.ip":"10.0.0.7" """), Line(3, "request", """ "openstack.request_id":"req-1" """));
        JsonElement data = await AskAsync(daemon, Alice + "&limit=1");
        Shown(data).Should().Equal("about: new", "same request: request");
        data.GetProperty("cut").EnumerateArray().Select(c => c.GetString()).Should().Equal(
            "only the newest 1 events with it are looked at; there may be more",
            "1 of 2 other events are left out, those that share least and are farthest in time");
        data.GetProperty("limit").GetInt32().Should().Be(1);
    }

    [Fact]
    public async Task Of_those_that_share_as_much_the_nearest_in_time_are_kept()
    {
        await using RunningDaemon daemon = await RunningDaemon.StartAsync("");
        await SendAsync(daemon,
            Line(0, "long before", """ "source.ip":"10.0.0.7" """), Line(18, "just before", """ "source.ip":"10.0.0.7" """),
            Line(20, "login", """ "user.name":"alice","source.ip":"10.0.0.7" """),
            Line(45, "long after", """ "source.ip":"10.0.0.7" """));
        Shown(await AskAsync(daemon, Alice + "&limit=1")).Should().Equal("same origin: just before", "about: login");
    }

    [Fact]
    public async Task An_event_counts_once_for_a_value_and_not_as_another_where_it_has_the_one_that_is_asked_for()
    {
        await using RunningDaemon daemon = await RunningDaemon.StartAsync("");
        IEnumerable<string> twice = Enumerable.Range(0, 600).Select(n =>
            Line(1, "twice", """ "source.ip":"10.0.0.7","client.ip":"10.0.0.7" """));
        IEnumerable<string> hers = Enumerable.Range(0, 300).Select(n => Line(-20, "before", """ "user.name":"alice","host":"ctl-1" """));
        await SendAsync(daemon, [
            Line(0, "login", """ "user.name":"alice","source.ip":"10.0.0.7","host":"ctl-1" """),
            Line(1, "there", """ "host":"ctl-1" """), .. twice, .. hers]);
        string from = s_noon.AddMinutes(-1).ToString("yyyy-MM-ddTHH:mm:ssZ", System.Globalization.CultureInfo.InvariantCulture);
        JsonElement data = await AskAsync(daemon, $"{Alice}&limit=1000&from={from}");
        data.GetProperty("notFollowed").GetArrayLength().Should().Be(0);
        Shown(data).Should().HaveCount(602).And.Contain("same host: there");
    }

    [Fact]
    public async Task What_lies_between_many_events_of_an_account_counts_for_nothing()
    {
        await using RunningDaemon daemon = await RunningDaemon.StartAsync("");
        IEnumerable<string> hers = Enumerable.Range(0, 40).Select(n => Line(-10 * n, "hers", """ "user.name":"alice","host":"ctl-1" """));
        IEnumerable<string> between = Enumerable.Range(0, 300).Select(_ => Line(-5, "between", """ "host":"ctl-1" """));
        await SendAsync(daemon, [.. hers, .. between, Line(-10, "there", """ "host":"ctl-1" """)]);
        JsonElement data = await AskAsync(daemon, Alice + "&around=1m");
        data.GetProperty("notFollowed").GetArrayLength().Should().Be(0);
        Shown(data).Should().HaveCount(41).And.Contain("same host: there");
    }

    [Fact]
    public async Task The_command_line_writes_each_event_with_why_it_is_there()
    {
        await using RunningDaemon daemon = await RunningDaemon.StartAsync("");
        await SendAsync(daemon,
            Line(0, "login", """ "user.name":"o'Neill \"x\" ü","source.ip":"10.0.0.7" """),
            Line(1, "probe", """ "source.ip":"10.0.0.7","kind":"ids.alert" """),
            Line(1, "local", """ "source.ip":"127.0.0.1","user.name":"o" """));
        string url = daemon.Address.ToString();
        CliRun run = await CliRun.Of("events", "--about", "user.name=\"o'Neill \\\"x\\\" ü\"", "--around", "5m", "--url", url);
        run.Code.Should().Be(0, run.Error);
        run.Output.Split('\n')[0].Should().StartWith("about        ").And.Contain("  login  ");
        run.Output.Split('\n')[1].Should().StartWith("same origin  ").And.Contain("  ids.alert  probe  source.ip=10.0.0.7");
        run.Error.Should().Be("followed: same origin, source.ip=10.0.0.7: 1 other event\n");
        (await CliRun.Of("events", "--about", "user.name=x", "--url", url)).Error.Should().StartWith("metricsd: no event from ");
        CliRun json = await CliRun.Of("events", "--about", "user.name=o", "--output", "json", "--url", url);
        JsonDocument.Parse(json.Output.Split('\n')[0]).RootElement.GetProperty("belongs")[0].GetString().Should().Be("about");
        string[] wrongs =
            ["--about alice", "--about a=~b", "--about a=b c=d", "--around 1m", "--about a=b --follow", "--about a=b --text c"];
        foreach (string wrong in wrongs)
            (await CliRun.Of(["events", .. wrong.Split(' '), "--url", url])).Code.Should().Be(2, wrong);
    }

    [Theory]
    [InlineData("value=alice", "field")]
    [InlineData("field=user.name", "value")]
    [InlineData(Alice + "&around=30", "around")]
    [InlineData(Alice + "&around=30d", "around")]
    [InlineData(Alice + "&from=10&to=5", "from")]
    [InlineData(Alice + "&limit=0", "limit")]
    public async Task A_question_that_means_nothing_is_refused_and_said_where(string query, string where)
    {
        await using RunningDaemon daemon = await RunningDaemon.StartAsync("");
        (int status, string text) = await daemon.AskAsync("GET", $"/api/v1/events/about?{query}");
        status.Should().Be(400);
        text.Should().Contain($"invalid parameter \\\"{where}\\\"");
    }

    private static string Line(int minute, string body, string fields) => string.Create(System.Globalization.CultureInfo.InvariantCulture,
        $$"""{"time":"{{s_noon.AddMinutes(minute):yyyy-MM-ddTHH:mm:ssZ}}","body":"{{body}}",{{fields}}}""");

    private static async Task SendAsync(RunningDaemon daemon, params string[] lines) =>
        (await daemon.AskAsync("POST", "/api/v1/events", body: new StringContent(string.Join('\n', lines), Encoding.UTF8))).Status
        .Should().Be(204);

    private static async Task<JsonElement> AskAsync(RunningDaemon daemon, string query)
    {
        (int status, string text) = await daemon.AskAsync("GET", $"/api/v1/events/about?{query}");
        status.Should().Be(200, text);
        return JsonDocument.Parse(text).RootElement.GetProperty("data");
    }

    private static IEnumerable<string> Shown(JsonElement data) => data.GetProperty("events").EnumerateArray().Select(e =>
        $"{string.Join(", ", e.GetProperty("belongs").EnumerateArray())}: {e.GetProperty("event").GetProperty("body").GetString()}");
}
