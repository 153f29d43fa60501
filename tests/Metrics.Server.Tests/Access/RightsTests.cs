using System.Text;
using Metrics.Access;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;

namespace Metrics.Tests.Access;

/// <summary>Who may use which route: every route × method × role, and × spelling, over a real Kestrel.</summary>
public sealed class RightsTests(RightsTests.Shared shared) : IClassFixture<RightsTests.Shared>
{
    /// <summary>One daemon for all: nothing here changes what it may do.</summary>
    public sealed class Shared : IAsyncLifetime
    {
        internal RunningDaemon Daemon { get; private set; } = null!;

        public async ValueTask InitializeAsync() =>
            Daemon = await RunningDaemon.StartAsync(Tokens, app => app.MapGet("/undeclared", () => "open"));

        public ValueTask DisposeAsync() => Daemon.DisposeAsync();
    }

    private const string Tokens = """
        auth:
          tokens:
            - { name: i, role: ingest, token: t-ingest }
            - { name: v, role: viewer, token: t-viewer }
            - { name: o, role: operator, token: t-operator }
            - { name: a, role: admin, token: t-admin }
            - { name: both, roles: [ingest, viewer], token: t-both }
        """;

    private static readonly string[] s_methods = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"];

    private static readonly (string Name, string? Token)[] s_callers =
        [("nobody", null), ("wrong token", "t-wrong"), .. Roles.All.Select(r => (r.Name(), (string?)$"t-{r.Name()}"))];

    /// <summary>Of Blazor's enhanced navigation, which our pages do not use: it stays for nobody.</summary>
    private const string Framework = "/_framework/opaque-redirect";

    private readonly RunningDaemon _daemon = shared.Daemon;

    [Fact]
    public void Every_route_says_who_may_use_it()
    {
        _daemon.Routes.Should().HaveCountGreaterThan(40, "a test that looks at nothing keeps nothing");
        _daemon.Routes.Where(r => NeedOf(r) is null).Select(r => r.RoutePattern.RawText).Should().BeEquivalentTo("/undeclared", Framework);
    }

    [Fact]
    public async Task A_route_that_says_nothing_is_for_nobody()
    {
        foreach ((string name, string? token) in s_callers)
        {
            using HttpResponseMessage response = await _daemon.SendAsync("GET", "/undeclared", token);
            ((int)response.StatusCode).Should().Be(token is null or "t-wrong" ? 401 : 403, name);
            response.Headers.Contains(RunningDaemon.Reached).Should().BeFalse(name);
        }
        (_, string text) = await _daemon.AskAsync("GET", "/undeclared", "t-admin");
        text.Should().Be("no role is named for this route, so it is for nobody\n");
    }

    /// <summary>The table in docs/rights.md is what the daemon does; UPDATE_GOLDEN=1 writes it.</summary>
    [Fact]
    public async Task The_table_of_rights_is_what_the_daemon_does()
    {
        var table = new StringBuilder();
        table.Append($"| route | method | {string.Join(" | ", s_callers.Select(c => c.Name))} |\n");
        table.Append($"| --- | --- |{string.Concat(s_callers.Select(_ => " --- |"))}\n");
        IEnumerable<string> patterns = _daemon.Routes.Select(r => r.RoutePattern.RawText!).Distinct().Order(StringComparer.Ordinal);
        foreach (string pattern in patterns.Where(p => p is not ("/undeclared" or Framework)))
        {
            var rows = new Dictionary<string, List<string>>();
            foreach (string method in s_methods)
            {
                var cells = new List<string>();
                foreach ((_, string? token) in s_callers)
                    cells.Add(await VerdictAsync(method, pattern, token));
                if (cells.Contains("yes"))
                    rows.GetOrAdd(string.Join(" | ", cells)).Add(method);
            }
            foreach ((string cells, List<string> of) in rows)
                table.Append($"| `{Spell(pattern)}` | {(of.Count == s_methods.Length ? "any" : string.Join(", ", of))} | {cells} |\n");
        }
        Print(table.ToString());
        string file = Path.Combine(Cases.Repository, "docs", "rights.md");
        string text = await File.ReadAllTextAsync(file);
        int from = text.IndexOf("| route |", StringComparison.Ordinal), to = text.IndexOf("\n\n", from, StringComparison.Ordinal) + 1;
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
            await File.WriteAllTextAsync(file, text[..from] + table + text[to..]);
        else
            text[from..to].Should().Be(table.ToString(), "UPDATE_GOLDEN=1 writes docs/rights.md");
    }

    [Fact]
    public async Task What_runs_is_what_the_route_has_declared_for_every_method_and_role()
    {
        int looked = 0;
        foreach (RouteEndpoint route in _daemon.Routes)
        {
            foreach (string method in MethodsOf(route))
            {
                foreach ((string name, string? token) in s_callers)
                {
                    looked++;
                    bool may = MayUse(route, token);
                    (await IsReachedAsync(method, Fill(route), token)).Should().Be(may, $"{method} {route.RoutePattern.RawText} by {name}");
                }
            }
        }
        looked.Should().BeGreaterThan(200);
    }

    /// <summary>However a path is spelled and a method is named: what runs is a route that the caller may use.</summary>
    [Fact]
    public async Task No_spelling_opens_what_a_role_may_not_use()
    {
        var seen = new SortedDictionary<string, (int Refused, int Absent, int Theirs)>(StringComparer.Ordinal);
        IEnumerable<(RouteEndpoint Route, string Method, string Name, string? Token)> closed =
            from route in _daemon.Routes
            where NeedOf(route) is not "anyone"
            from method in MethodsOf(route)
            from caller in s_callers
            where !MayUse(route, caller.Token)
            select (route, method, caller.Name, caller.Token);
        foreach ((RouteEndpoint route, string method, string name, string? token) in closed)
        {
            foreach ((string trick, string verb, string spelled, (string, string)[] headers) in Tricks(method, Fill(route)))
            {
                using HttpResponseMessage response = await _daemon.SendAsync(verb, spelled, token, headers);
                string? reached = ReachedBy(response);
                bool isTheirs = _daemon.Routes.Any(r => r.RoutePattern.RawText == reached && Takes(r, verb) && MayUse(r, token));
                (reached is null || isTheirs).Should().BeTrue($"{verb} {spelled} ({trick}) by {name} runs {reached}");
                (int refused, int absent, int theirs) = seen.GetValueOrDefault(trick);
                seen[trick] = (int)response.StatusCode switch
                {
                    _ when reached is not null => (refused, absent, theirs + 1),
                    401 or 403 => (refused + 1, absent, theirs),
                    _ => (refused, absent + 1, theirs),
                };
            }
        }
        seen.Should().HaveCountGreaterThan(10);
        Print("| spelling | refused (401, 403) | not there (400, 404, 405) | another route, which is the caller's |");
        Print("| --- | --- | --- | --- |");
        foreach ((string trick, (int refused, int absent, int theirs)) in seen)
            Print($"| {trick} | {refused} | {absent} | {theirs} |");
    }

    [Theory]
    [InlineData("GET", "/no/such/path", null, 401)]
    [InlineData("GET", "/no/such/path", "t-wrong", 401)]
    [InlineData("GET", "/no/such/path", "t-ingest", 404)]
    [InlineData("GET", "/no/such/path", "t-admin", 404)]
    [InlineData("DELETE", "/write", null, 401)]
    [InlineData("DELETE", "/write", "t-viewer", 405)]
    [InlineData("POST", "/-/RELOAD", "t-viewer", 403)]
    [InlineData("POST", "/write/", "t-viewer", 403)]
    [InlineData("POST", "/API/v2/silences", "t-viewer", 403)]
    [InlineData("POST", "/-/reload", "t-operator", 403)]
    [InlineData("POST", "/write", "t-operator", 403)]
    [InlineData("POST", "/write", "t-both", 204)]
    [InlineData("GET", "/metrics", "t-both", 200)]
    [InlineData("POST", "/api/v2/silences", "t-both", 403)]
    [InlineData("GET", "/export", "t-operator", 403)]
    public async Task Answers_with_the_status_that_says_what_is_missing(string method, string path, string? token, int status) =>
        (await _daemon.AskAsync(method, path, token)).Status.Should().Be(status);

    [Fact]
    public async Task Says_what_is_missing_and_counts_it()
    {
        (await _daemon.AskAsync("GET", "/metrics")).Text.Should().StartWith("a token is needed: send it as 'Authorization: Bearer TOKEN'");
        (_, string text) = await _daemon.AskAsync("POST", "/-/reload", "t-both");
        text.Should().Be("the role admin is needed; this token has ingest, viewer\n");
        (await _daemon.OwnAsync("metricsd_http_refused_total", "\"token\"", "t-viewer")).Should().BeGreaterThanOrEqualTo(1);
        (await _daemon.OwnAsync("metricsd_http_refused_total", "\"role\"", "t-viewer")).Should().BeGreaterThanOrEqualTo(1);
    }

    [Theory]
    [InlineData("Bearer t-viewer")]
    [InlineData("bearer  t-viewer")]
    [InlineData("Token t-viewer")]
    [InlineData("Basic YW55Ym9keTp0LXZpZXdlcg==")]
    public async Task Takes_a_token_in_every_form_of_the_header(string authorization) =>
        (await _daemon.AskAsync("GET", "/metrics", null, [("Authorization", authorization)])).Status.Should().Be(200);

    [Fact]
    public async Task Takes_a_token_as_the_parameter_that_InfluxDB_1_clients_send()
    {
        (await _daemon.AskAsync("GET", "/metrics?u=x&p=t-viewer")).Status.Should().Be(200);
        (await _daemon.AskAsync("GET", "/metrics?u=x&p=t-wrong")).Status.Should().Be(401);
    }

    /// <summary>Ways to spell what is the same to somebody on the way, and not to somebody else.</summary>
    private static IEnumerable<(string Trick, string Method, string Path, (string, string)[] Headers)> Tricks(string method, string path)
    {
        yield return ("as it is", method, path, []);
        yield return ("upper case", method, path.ToUpperInvariant(), []);
        yield return ("slash behind", method, path + "/", []);
        yield return ("two slashes before", method, "/" + path, []);
        yield return ("two slashes within", method, path.Replace("/", "//", StringComparison.Ordinal), []);
        yield return ("slash encoded", method, "/" + path[1..].Replace("/", "%2F", StringComparison.Ordinal), []);
        yield return ("first letter encoded", method, path.Length > 1 ? $"/%{(int)path[1]:X2}{path[2..]}" : path, []);
        yield return ("dot segment", method, "/." + path, []);
        yield return ("up from a route for anyone", method, "/-/healthy/../.." + path, []);
        yield return ("up, encoded", method, "/ping/%2e%2e" + path, []);
        yield return ("backslash", method, path.Replace('/', '\\').Insert(0, "/"), []);
        yield return ("semicolon", method, path + ";/-/healthy", []);
        yield return ("question mark encoded", method, path + "%3F", []);
        yield return ("null byte", method, path + "%00", []);
        yield return ("space behind", method, path + "%20", []);
        yield return ("HEAD", "HEAD", path, []);
        yield return ("OPTIONS", "OPTIONS", path, []);
        yield return ("method in lower case", method.ToLowerInvariant(), path, []);
        yield return ("unknown method", "WRITE", path, []);
        foreach (string header in (string[])["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
        {
            yield return ($"GET with {header}", "GET", path, [(header, method)]);
            yield return ($"POST with {header}", "POST", path, [(header, method)]);
        }
        yield return ("X-Original-URL", "GET", "/-/healthy", [("X-Original-URL", path), ("X-Rewrite-URL", path)]);
    }

    private async Task<string> VerdictAsync(string method, string pattern, string? token)
    {
        RouteEndpoint? route = _daemon.Routes.FirstOrDefault(r => r.RoutePattern.RawText == pattern && MethodsOf(r).Contains(method));
        return route is not null && await IsReachedAsync(method, Fill(route), token) ? "yes" : "";
    }

    private async Task<bool> IsReachedAsync(string method, string path, string? token)
    {
        using HttpResponseMessage response = await _daemon.SendAsync(method, path, token);
        return response.Headers.Contains(RunningDaemon.Reached);
    }

    private static void Print(params string[] lines)
    {
        foreach (string line in lines)
            TestContext.Current.TestOutputHelper?.WriteLine(line);
    }

    private static string? ReachedBy(HttpResponseMessage response) =>
        response.Headers.TryGetValues(RunningDaemon.Reached, out IEnumerable<string>? by) ? Uri.UnescapeDataString(by.Single()) : null;

    private static string Spell(string pattern) => pattern.StartsWith('/') ? pattern : "/" + pattern;

    /// <summary>A path of a route: x for whatever it leaves open.</summary>
    private static string Fill(RouteEndpoint route) => Spell(string.Join('/', route.RoutePattern.PathSegments.Select(
        s => string.Concat(s.Parts.Select(p => p is RoutePatternLiteralPart literal ? literal.Content : "x")))));

    private static IReadOnlyList<string> MethodsOf(RouteEndpoint route) => OwnMethodsOf(route) ?? s_methods;

    private static bool Takes(RouteEndpoint route, string method) =>
        OwnMethodsOf(route)?.Contains(method, StringComparer.OrdinalIgnoreCase) ?? true;

    /// <summary>Null is any.</summary>
    private static IReadOnlyList<string>? OwnMethodsOf(RouteEndpoint route) =>
        route.Metadata.GetMetadata<IHttpMethodMetadata>() is { HttpMethods: { Count: > 0 } methods } ? methods : null;

    /// <summary>What a route needs: a role's name, <c>anyone</c>, or null when it does not say.</summary>
    private static string? NeedOf(RouteEndpoint route) =>
        route.Metadata.GetMetadata<IAllowAnonymous>() is not null ? "anyone" : route.Metadata.GetMetadata<ForAttribute>()?.Role.Name();

    /// <summary>Said anew here, apart from the code that is tested.</summary>
    private static bool MayUse(RouteEndpoint route, string? token) => (NeedOf(route), token) switch
    {
        ("anyone", _) => true,
        (null, _) => false,
        ("ingest", "t-ingest" or "t-admin") => true,
        ("viewer", "t-viewer" or "t-operator" or "t-admin") => true,
        ("operator", "t-operator" or "t-admin") => true,
        ("admin", "t-admin") => true,
        _ => false,
    };
}

file static class Rows
{
    public static List<string> GetOrAdd(this Dictionary<string, List<string>> rows, string key)
    {
        if (!rows.TryGetValue(key, out List<string>? list))
            rows[key] = list = [];
        return list;
    }
}
