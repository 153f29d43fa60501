using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Metrics.Access;
using Metrics.Cli;
using Metrics.Configuration;
using Metrics.Hosting;

namespace Metrics.Tests.Cli;

public sealed class DaemonClientTests : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public DaemonClientTests() => _listener.Start();

    private string Url => $"http://{_listener.LocalEndpoint}";

    [Fact]
    public async Task A_daemon_that_is_not_there()
    {
        string url = Url;
        _listener.Stop();
        (await AskAsync(url)).Should().Match<CommandException>(e => e.ExitCode == 3).And
            .Match<CommandException>(e => e.Message.StartsWith($"no daemon answers at {url}: Connection refused"));
    }

    [Fact]
    public async Task A_daemon_that_does_not_answer_in_time()
    {
        CommandException error = await AskAsync(Url, TimeSpan.FromMilliseconds(200));
        error.ExitCode.Should().Be(3);
        error.Message.Should().Be($"no daemon answers at {Url}: no answer within 200ms");
    }

    [Theory]
    [InlineData("401 Unauthorized", "who are you", 1, "{0} asks for a token (HTTP 401): give one by --token-file FILE or METRICSD_TOKEN")]
    [InlineData("403 Forbidden", "operator is needed\n", 1, "{0} refuses this with the token given (HTTP 403): operator is needed")]
    [InlineData("403 Forbidden", "", 1, "{0} refuses this with the token given (HTTP 403)")]
    [InlineData("400 Bad Request", """{"status":"error","error":"1:4: parse error"}""", 1, "1:4: parse error (HTTP 400)")]
    [InlineData("400 Bad Request", "\"would silence everything\"", 1, "would silence everything (HTTP 400)")]
    [InlineData("413 Too Large", """{"code":"too large","message":"at most 1 MiB"}""", 1, "at most 1 MiB (HTTP 413)")]
    [InlineData("404 Not Found", "", 1, "{0} answers HTTP 404")]
    [InlineData("503 Busy", "{\"error\": 7}", 1, "{{\"error\": 7}} (HTTP 503)")]
    [InlineData("200 OK", "<html>", 3, "what answers at {0} is no metricsd: its answer is not JSON")]
    public async Task A_refusal_is_the_daemons_own_words(string status, string body, int code, string message)
    {
        Task<string> answered = AnswerAsync(status, body);
        CommandException error = await AskAsync(Url);
        await answered;
        error.ExitCode.Should().Be(code);
        error.Message.Should().Be(string.Format(null, message, Url));
    }

    [Fact]
    public async Task The_token_is_shown_and_the_answer_read()
    {
        Task<string> request = AnswerAsync("200 OK", "{\"a\":1}");
        using var client = new DaemonClient(Url, "s3cret", TimeSpan.FromSeconds(30));
        JsonElement answer = await client.PostAsync("/x", new { b = 2 }, TestContext.Current.CancellationToken);
        answer.GetProperty("a").GetInt32().Should().Be(1);
        (await request).Should().StartWith("POST /x ").And.Contain("Authorization: Bearer s3cret").And.Contain("Content-Length: 7");
    }

    [Fact]
    public async Task A_command_reports_it_in_one_line_with_its_exit_code()
    {
        Task<string> answered = AnswerAsync("403 Forbidden", "operator is needed");
        CliRun run = await CliRun.Of("silence", "expire", "1", "--url", Url);
        await answered;
        run.Should().Be(new CliRun(1, "", $"metricsd: {Url} refuses this with the token given (HTTP 403): operator is needed\n"));
    }

    public static TheoryData<string, string> WrongAnswers()
    {
        var wrong = new TheoryData<string, string>();
        string[] commands =
        [
            "query up", "query up --range 1h", "events", "inputs", "explain HostDown", "silence list",
            "silence add HostDown --comment why", "rules replay", "logs ledger", "logs templates", "logs templates --source a/b",
            "identity failures", "identity dormant", "identity weak",
        ];
        string[] answers =
        [
            "null", "7", "[7]", "[null]", "{}", """{"data":null}""", """{"data":7}""", """{"data":{}}""", """{"data":[null]}""",
            """{"data":{"events":[null],"alerts":[null],"resultType":"vector","result":[{"metric":{"a":null},"value":[]}]}}""",
            """{"data":{"events":[7],"alerts":[{"series":{"a":null}}],"resultType":"matrix","result":[{"metric":{},"values":[0]}]}}""",
            """{"data":{"events":{},"alerts":{},"resultType":"scalar","result":{}}}""",
        ];
        foreach (string command in commands)
        {
            foreach (string answer in answers)
                wrong.Add(command, answer);
        }
        return wrong;
    }

    [Theory]
    [MemberData(nameof(WrongAnswers))]
    public async Task An_answer_of_another_form_is_a_clear_error(string command, string answer)
    {
        Task<string> answered = AnswerAsync("200 OK", answer);
        CliRun run = await CliRun.Of([.. command.Split(' '), "--url", Url]);
        await answered;
        run.Code.Should().Be(ExitCode.Unreachable);
        run.Error.Should().StartWith($"metricsd: what answers at {Url} is no metricsd: its answer has another form");
    }

    [Theory]
    [InlineData("silence list", """
        [{"id":"1","status":{"state":"active"},"endsAt":"t","createdBy":"a\u001b[2J","comment":"\u009b2J\u0007","matchers":
        [{"name":"a","value":"\u001b[1m","isEqual":true,"isRegex":false}]}]
        """)]
    [InlineData("explain X", """
        {"data":{"alerts":[{"alert":"X","state":"firing","series":{"a":"\u001b[2J"},"now":["\u001b[2J"],
        "trail":[{"at":"t","what":"w","text":"\u009b2J\u0007"}]}],"rule":[]}}
        """)]
    [InlineData("report", "[REPORT] x\u001b[2J\u009b2J\u0007\r\nann\u001b[2J\n")]
    [InlineData("report --html", "<!DOCTYPE html>\u001b[2J")]
    [InlineData("explain Y", """{"data":{"alerts":[],"rule":["\u001b[2J"]}}""")]
    public async Task What_others_have_written_does_not_move_the_cursor_of_a_terminal(string command, string answer)
    {
        Task<string> answered = AnswerAsync("200 OK", answer);
        CliRun run = await CliRun.Of([.. command.Split(' '), "--url", Url]);
        await answered;
        run.Error.Should().BeEmpty();
        run.Output.Where(c => char.IsControl(c) && c != '\n').Should().BeEmpty(run.Output);
        run.Output.Should().Contain("[2J", "all else is there");
    }

    [Fact]
    public async Task A_report_that_breaks_off_is_a_clear_error()
    {
        Task<string> answered = AnswerAsync("200 OK", "[REPORT]", announced: 100);
        CliRun run = await CliRun.Of("report", "--url", Url);
        await answered;
        run.Should().Match<CliRun>(r => r.Code == ExitCode.Unreachable && r.Output == "");
        run.Error.Should().Match($"metricsd: no daemon answers at {Url}: *\n");
    }

    [Fact]
    public async Task A_report_that_does_not_come_to_its_end_in_time_is_a_clear_error()
    {
        Task<CliRun> run = CliRun.Of("report", "--timeout", "300ms", "--url", Url);
        using TcpClient peer = await _listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
        await peer.GetStream().WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[REPORT]"u8.ToArray());
        (await run.WaitAsync(TimeSpan.FromSeconds(30))).Should().Be(
            new CliRun(ExitCode.Unreachable, "", $"metricsd: no daemon answers at {Url}: no answer within 300ms\n"));
    }

    [Fact]
    public async Task Of_a_reload_an_answer_of_another_form_is_not_taken_for_nothing()
    {
        Task<string> answered = AnswerAsync("200 OK", "{}");
        CliRun run = await CliRun.Of("check", "--url", Url);
        await answered;
        run.Code.Should().Be(ExitCode.Ok);
        run.Output.Should().Contain("What a reload would restart is not known: what answers at");
    }

    [Fact]
    public async Task An_export_that_breaks_off_is_a_clear_error_and_leaves_nothing()
    {
        string folder = Directory.CreateTempSubdirectory("metrics-export").FullName;
        // Fewer bytes come than are announced.
        Task<string> answered = AnswerAsync("200 OK", "PAR1", announced: 100);
        CliRun run = await CliRun.Of("export", "--output", Path.Combine(folder, "samples.parquet"), "--url", Url);
        await answered;
        Directory.GetFiles(folder).Should().BeEmpty();
        Directory.Delete(folder, recursive: true);
        run.Code.Should().Be(3);
        run.Error.Should().Match("metricsd: the answer broke off, nothing is written: *\n");
    }

    [Fact]
    public void A_configured_token_goes_to_our_own_daemon_only()
    {
        AuthOptions auth = MetricsOptions.Parse("""
            listen: 10.0.0.7:9890
            auth: { tokens: [ { name: v, role: viewer, token: v1 }, { name: o, role: operator, token: o1 } ] }
            """).Auth;
        var listen = new ListenAddress("10.0.0.7:9890");
        string? Token(string? url, Role needs, string? environment = null) =>
            DaemonToken.Choose(null, environment, DaemonAddress.Choose(url is null ? null : new Uri(url), listen), auth, needs);

        Token(null, Role.Viewer).Should().Be("v1");
        Token(null, Role.Operator).Should().Be("o1");
        Token(null, Role.Admin).Should().BeNull();
        Token("http://10.0.0.7:9890", Role.Viewer).Should().Be("v1");
        Token("http://127.0.0.1:9890", Role.Viewer).Should().Be("v1");
        Token("http://prometheus.example:9090", Role.Viewer).Should().BeNull("a secret is not shown to others");
        Token("http://prometheus.example:9090", Role.Viewer, " e1\n").Should().Be("e1", "whoever names a token means it");
        Token(null, Role.Viewer, "e1").Should().Be("e1");
    }

    [Fact]
    public void A_configured_token_that_cannot_be_read_is_passed_over_or_said()
    {
        string file = Path.GetTempFileName();
        File.WriteAllText(file, "f1");
        AuthOptions one = MetricsOptions.Parse($"auth: {{ tokens: [ {{ name: f, token_file: {file} }} ] }}").Auth;
        AuthOptions other = MetricsOptions.Parse("auth: { tokens: [ { name: v, token: v1 } ] }").Auth;
        AuthOptions two = one with { Tokens = [.. one.Tokens, .. other.Tokens] };
        string? Choose(AuthOptions auth) =>
            DaemonToken.Choose(null, null, new DaemonAddress("http://127.0.0.1:9890", true), auth, Role.Viewer);

        Choose(two).Should().Be("f1");
        File.Delete(file);
        Choose(two).Should().Be("v1");
        FluentActions.Invoking(() => Choose(one)).Should().Throw<CommandException>().WithMessage("the token of 'f' cannot be read: *");
    }

    [Fact]
    public void A_tokens_file_comes_first_and_must_hold_one()
    {
        string file = Path.GetTempFileName();
        string? Choose() =>
            DaemonToken.Choose(file, "e1", new DaemonAddress("http://127.0.0.1:9890", true), new AuthOptions([], [], []), Role.Viewer);

        File.WriteAllText(file, "f1\n");
        Choose().Should().Be("f1");
        File.WriteAllText(file, "\n");
        FluentActions.Invoking(Choose).Should().Throw<CommandException>().WithMessage($"--token-file {file} is empty");
        File.Delete(file);
        FluentActions.Invoking(Choose).Should().Throw<CommandException>().WithMessage($"--token-file {file} cannot be read: *");
    }

    [Theory]
    [InlineData("127.0.0.1:9890", "http://127.0.0.1:9890")]
    [InlineData("0.0.0.0:9890", "http://127.0.0.1:9890")]
    [InlineData("[::]:9890", "http://[::1]:9890")]
    [InlineData("monitor.example:80", "http://monitor.example")]
    [InlineData("unix:/run/metricsd/socket", "unix:/run/metricsd/socket")]
    public void The_daemon_is_asked_where_it_listens(string listen, string url) =>
        DaemonAddress.Choose(null, new ListenAddress(listen)).Should().Be(new DaemonAddress(url, true));

    public void Dispose() => _listener.Dispose();

    private static async Task<CommandException> AskAsync(string url, TimeSpan? timeout = null)
    {
        using var client = new DaemonClient(url, null, timeout ?? TimeSpan.FromSeconds(30));
        Func<Task> ask = () => client.GetAsync("/x", CancellationToken.None);
        return (await ask.Should().ThrowAsync<CommandException>()).Which;
    }

    /// <summary>Answers one request.</summary>
    /// <returns>The request.</returns>
    private async Task<string> AnswerAsync(string status, string body, int? announced = null)
    {
        using TcpClient peer = await _listener.AcceptTcpClientAsync();
        await using NetworkStream stream = peer.GetStream();
        var request = new StringBuilder();
        byte[] buffer = new byte[4096];
        while (!IsWhole(request.ToString()))
            request.Append(Encoding.ASCII.GetString(buffer, 0, await stream.ReadAsync(buffer)));
        int length = announced ?? Encoding.UTF8.GetByteCount(body);
        string head = $"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n";
        await stream.WriteAsync(Encoding.UTF8.GetBytes(head + body));
        return request.ToString();
    }

    private static bool IsWhole(string request)
    {
        int end = request.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        if (end < 0)
            return false;
        string? length = request[..end].Split("\r\n").FirstOrDefault(l => l.StartsWith("Content-Length: ", StringComparison.Ordinal));
        return length is null || request.Length - end - 4 >= int.Parse(length[16..], System.Globalization.CultureInfo.InvariantCulture);
    }
}
