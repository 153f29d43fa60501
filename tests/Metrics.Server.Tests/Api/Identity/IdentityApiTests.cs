using System.Text.Json;
using Metrics.Model;
using Metrics.Series;
using Metrics.Tests.Access;
using Metrics.Tests.Cli;
using Microsoft.Extensions.DependencyInjection;

namespace Metrics.Tests.Api.Identity;

/// <summary>Who fails to log in, and who does not log in any more: asked of a daemon that was sent events.</summary>
public sealed class IdentityApiTests : IAsyncLifetime
{
    private readonly DateTimeOffset _now = TimeProvider.System.GetUtcNow();
    private RunningDaemon _daemon = null!;

    public async ValueTask InitializeAsync() => _daemon = await RunningDaemon.StartAsync("");

    public ValueTask DisposeAsync() => _daemon.DisposeAsync();

    [Fact]
    public async Task Accounts_and_addresses_are_counted_by_attempt_and_it_is_said_who_got_in_since()
    {
        await SendAsync(
            Login(600, "failure", "ann", "a1", "203.0.113.7", "r1"),
            // The line that Keystone logs of the same request, without a name.
            Login(600, "failure", "", "", "203.0.113.7", "r1"),
            Login(500, "failure", "ann", "a1", "203.0.113.8", "r2"),
            Login(400, "failure", "", "a1", "203.0.113.8", "r3", "The account is locked for user: a1.", "identity.lockout"),
            Login(300, "success", "ann", "a1", "203.0.113.8", "r4"),
            Login(200, "failure", "bob", "b1", "203.0.113.7", "r5"),
            Login(100, "failure", "", "", "203.0.113.9", "r6"),
            Login(90_000, "failure", "old", "o1", "203.0.113.7", "r7"));
        JsonElement data = await AskAsync("failures");
        (Number(data, "failures"), Number(data, "withoutAccount")).Should().Be((5, 1));
        JsonElement ann = data.GetProperty("accounts")[0];
        (Text(ann, "account"), Text(ann, "id"), Number(ann, "failures"), Number(ann, "lockouts"), Number(ann, "origins"))
            .Should().Be(("ann", "a1", 3, 1, 2));
        ann.GetProperty("succeededSince").GetBoolean().Should().BeTrue();
        Text(ann, "reason").Should().Be("The account is locked for user: a1.");
        DateTimeOffset.Parse(Text(ann, "first"), System.Globalization.CultureInfo.InvariantCulture)
            .Should().BeCloseTo(_now.AddSeconds(-600), TimeSpan.FromSeconds(1));
        JsonElement bob = data.GetProperty("accounts")[1];
        (Text(bob, "account"), bob.GetProperty("succeededSince").GetBoolean()).Should().Be(("bob", false));
        data.GetProperty("origins").EnumerateArray().Select(o => (Text(o, "origin"), Number(o, "failures"), Number(o, "accounts")))
            .Should().Equal(("203.0.113.7", 2, 2), ("203.0.113.8", 2, 1), ("203.0.113.9", 1, 0));

        JsonElement one = await AskAsync("failures?limit=1&from=2d");
        (one.GetProperty("accounts").GetArrayLength(), Number(one, "moreAccounts"), Number(one, "moreOrigins")).Should().Be((1, 2, 2));
    }

    [Fact]
    public async Task Where_successes_are_heard_of_who_has_none_is_quiet_and_what_Keystone_says_goes_before_it()
    {
        await SendAsync(
            Login(100 * 86_400, "success", "carl", "c1", "10.0.0.1", "r1"),
            Login(60, "success", "ann", "a1", "10.0.0.2", "r2"),
            Login(50, "failure", "dora", "d1", "10.0.0.3", "r3"),
            Login(40, "failure", "nobody", "u0", "10.0.0.3", "r4", "Could not find user: nobody."));
        AddUser("d1", "dora", 200);
        AddUser("e1", "eve", 120);
        AddUser("a1", "ann", 120);
        AddUser("h1", "hal", 120);
        await SendAsync(
            // As Horizon logs them, with a name alone.
            Login(30, "success", "hal", "", "10.0.0.4", ""),
            Login(20, "failure", "typed", "", "10.0.0.4", ""),
            Login(10, "failure", "fay", "f1", "10.0.0.4", "r9"));
        JsonElement data = await AskAsync("dormant");
        Text(data, "successes").Should().Be("reported");
        data.GetProperty("accounts").EnumerateArray().Select(a => (Text(a, "account"), Text(a, "state"))).Should().Equal(
            [("dora", "dormant"), ("eve", "dormant"), ("carl", "quiet"), ("fay", "never")],
            "ann and hal have logged in a minute ago, and nobody and typed are no accounts");
        data.GetProperty("complete").GetBoolean().Should().BeTrue();
    }

    [Fact]
    public async Task Where_Keystone_drops_successes_nobody_is_called_quiet()
    {
        await SendAsync(
            Login(100 * 86_400, "failure", "carl", "c1", "10.0.0.1", "r1"),
            Login(60, "failure", "ann", "a1", "10.0.0.2", "r2"));
        Text(await AskAsync("dormant"), "successes").Should().Be("unknown");
        await SendAsync("""
            {"kind":"http.request","http.request.method":"POST","url.original":"/v3/auth/tokens","http.response.status_code":"201"}
            """);
        JsonElement data = await AskAsync("dormant");
        Text(data, "successes").Should().Be("dropped");
        Text(data, "note").Should().Contain("notification_opt_out");
        data.GetProperty("accounts").EnumerateArray().Select(a => Text(a, "state")).Should().Equal("not seen", "not seen");
    }

    [Fact]
    public async Task Successes_that_are_heard_of_since_yesterday_say_nothing_of_the_months_before()
    {
        await SendAsync(
            Login(100 * 86_400, "failure", "carl", "c1", "10.0.0.1", "r1"),
            Login(60, "success", "ann", "a1", "10.0.0.2", "r2"));
        JsonElement data = await AskAsync("dormant");
        data.GetProperty("accounts").EnumerateArray().Select(a => (Text(a, "account"), Text(a, "state")))
            .Should().Equal(("carl", "not seen"));
    }

    [Fact]
    public async Task Whose_password_is_weak_is_told_with_the_reasons_also_by_the_command()
    {
        await SendAsync([
            .. Enumerable.Range(0, 9).Select(n => Login(100 - n, "failure", "ann", "a1", "203.0.113.7", $"r{n}")),
            Login(80, "success", "ann", "a1", "203.0.113.7", "r9"), Login(70, "failure", "bob", "b1", "10.0.0.1", "r10")]);
        JsonElement data = await AskAsync("weak");
        Text(data, "note").Should().BeEmpty();
        data.GetProperty("complete").GetBoolean().Should().BeTrue();
        JsonElement ann = data.GetProperty("accounts").EnumerateArray().Should().ContainSingle().Subject;
        (Text(ann, "account"), Text(ann, "id"), Number(ann, "failures"), Number(ann, "origins")).Should().Be(("ann", "a1", 9, 1));
        Text(ann.GetProperty("reasons")[0], "reason").Should().Be("entered");
        CliRun run = await CliRun.Of("identity", "weak", "--from", "1h", "--url", _daemon.Address.ToString());
        run.Code.Should().Be(0, run.Error);
        run.Output.Split('\n')[1].Should().MatchRegex("^ann +- +a1 +9 +0 +\\S+Z +\\S+Z +once somebody got in behind 8 failures or more ");
        (await CliRun.Of("identity", "weak", "--from", "30s", "--url", _daemon.Address.ToString())).Output.Should()
            .Be("Nothing speaks against the password of any account.\n");
    }

    [Fact]
    public async Task Without_any_event_there_is_an_answer()
    {
        Number(await AskAsync("failures"), "failures").Should().Be(0);
        (await AskAsync("dormant?days=1")).GetProperty("accounts").GetArrayLength().Should().Be(0);
    }

    [Theory]
    [InlineData("failures?from=10&to=5", "lies behind")]
    [InlineData("failures?limit=0", "no number from 1 to")]
    [InlineData("failures?from=yesterday", "cannot parse")]
    [InlineData("weak?limit=many", "no number from 1 to")]
    [InlineData("weak?from=10&to=5", "lies behind")]
    [InlineData("dormant?days=0", "no number from 1 to 3650")]
    [InlineData("dormant?days=many", "no number from 1 to 3650")]
    public async Task A_question_that_means_nothing_is_refused_and_said_where(string query, string where)
    {
        (int status, string text) = await _daemon.AskAsync("GET", $"/api/v1/identity/{query}");
        (status, text.Contains(where, StringComparison.Ordinal)).Should().Be((400, true), text);
    }

    private string Login(
        int secondsAgo, string outcome, string user, string id, string origin, string request, string reason = "",
        string kind = "identity.authenticate") => JsonSerializer.Serialize(new Dictionary<string, string>
    {
        ["time"] = _now.AddSeconds(-secondsAgo).UtcDateTime.ToString("O"), ["kind"] = kind, ["event.outcome"] = outcome,
        ["user.name"] = user, ["user.id"] = id, ["source.ip"] = origin, ["openstack.request_id"] = request, ["event.reason"] = reason,
        ["service.name"] = "keystone",
    }.Where(p => p.Value.Length > 0).ToDictionary());

    private async Task SendAsync(params string[] lines)
    {
        using var body = new StringContent(string.Join('\n', lines.Select(l => l.Trim())));
        (int status, string text) = await _daemon.AskAsync("POST", "/api/v1/events", body: body);
        status.Should().Be(204, text);
    }

    private void AddUser(string id, string name, double days)
    {
        using var batch = new SampleBatch("openstack");
        Labels labels = Labels.Of("openstack_identity_user_inactive_days", ("id", id), ("name", name), ("enabled", "true"));
        long now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        batch.Add(labels, now, days);
        _daemon.Services.GetRequiredService<Head>().Append(batch, now);
    }

    private async Task<JsonElement> AskAsync(string path)
    {
        (int status, string text) = await _daemon.AskAsync("GET", $"/api/v1/identity/{path}");
        status.Should().Be(200, text);
        return JsonDocument.Parse(text).RootElement.GetProperty("data");
    }

    private static string Text(JsonElement of, string name) => of.GetProperty(name).GetString()!;

    private static long Number(JsonElement of, string name) => of.GetProperty(name).GetInt64();
}
