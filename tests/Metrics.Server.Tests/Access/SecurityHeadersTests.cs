using System.Text;
using Metrics.Access;
using Microsoft.AspNetCore.Routing;

namespace Metrics.Tests.Access;

/// <summary>What browsers hear with every answer, of every route, also one that refuses or fails.</summary>
public sealed class SecurityHeadersTests
{
    private const string Configuration = """
        auth:
          tokens: [ { name: a, role: admin, token: t } ]
          allowed_origins: ['https://karma.example']
        """;

    [Fact]
    public async Task Every_route_says_them_and_the_manual_has_the_list()
    {
        await using RunningDaemon daemon = await RunningDaemon.StartAsync(Configuration);
        Dictionary<string, SortedSet<string>> seen = SecurityHeaders.All.ToDictionary(h => h.Name, _ => new SortedSet<string>());
        int looked = 0;
        foreach (RouteEndpoint route in daemon.Routes)
        {
            string path = route.RoutePattern.RawText!.Replace("{**rest}", "x", StringComparison.Ordinal);
            path = path.Replace("{name}", "x", StringComparison.Ordinal).Replace("{id}", "x", StringComparison.Ordinal)
                .Replace("{key}", "x", StringComparison.Ordinal);
            foreach (string method in (string[])["GET", "HEAD", "POST", "DELETE"])
            {
                foreach (string? token in (string?[])["t", null])
                {
                    using HttpResponseMessage answer = await daemon.SendAsync(method, path, token);
                    looked++;
                    foreach ((string name, _) in SecurityHeaders.All)
                    {
                        string value = string.Join(", ", answer.Headers.TryGetValues(name, out IEnumerable<string>? v) ? v : []);
                        value.Should().NotBeEmpty($"{method} {path} ({answer.StatusCode}) says {name}");
                        seen[name].Add(value);
                    }
                    answer.Headers.Any(h => h.Key.StartsWith("Access-Control", StringComparison.Ordinal)).Should().BeFalse(path);
                }
            }
        }
        looked.Should().BeGreaterThan(300);
        seen["Cache-Control"].Should().BeEquivalentTo("no-store", "no-store, no-cache", "public, max-age=3600");
        string manual = await File.ReadAllTextAsync(Path.Combine(Cases.Repository, "docs", "rights.md"));
        foreach ((string name, string value) in SecurityHeaders.All)
        {
            if (name != "Cache-Control")
                seen[name].Should().BeEquivalentTo(value);
            manual.Should().Contain($"| `{name}` | `{value}` |");
        }
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/rules")]
    [InlineData("/audit")]
    [InlineData("/silences/new")]
    [InlineData("/acknowledge/x")]
    [InlineData("/alerts/x")]
    public async Task No_page_needs_what_the_policy_forbids(string path)
    {
        await using RunningDaemon daemon = await RunningDaemon.StartAsync(Configuration);
        (_, string page) = await daemon.AskAsync("GET", path, "t");
        page.Should().Contain("<link rel=\"stylesheet\" href=\"/style.css\"").And.NotContain("<style").And.NotContain("style=")
            .And.NotContain("<script").And.NotMatchRegex(" on[a-z]+=");
    }

    [Theory]
    [InlineData("https://karma.example", true)]
    [InlineData("https://evil.example", false)]
    [InlineData("null", false)]
    public async Task Only_pages_of_the_sites_that_are_named_may_ask(string origin, bool may)
    {
        await using RunningDaemon daemon = await RunningDaemon.StartAsync(Configuration);
        (string, string)[] headers =
        [
            ("Origin", origin), ("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "content-type,authorization"),
        ];
        using HttpResponseMessage preflight = await daemon.SendAsync("OPTIONS", "/api/v2/silences", null, headers);
        preflight.Headers.TryGetValues("Access-Control-Allow-Origin", out IEnumerable<string>? allowed);
        (allowed?.Single()).Should().Be(may ? origin : null);
        using HttpResponseMessage answer = await daemon.SendAsync("GET", "/api/v2/silences", "t", [("Origin", origin)]);
        answer.Headers.Contains("Access-Control-Allow-Origin").Should().Be(may);
        answer.Headers.Contains("Access-Control-Allow-Credentials").Should().BeFalse("a browser's own password opens nothing");
    }

    [Theory]
    [InlineData("/api/v2/silences", "text/plain", 415)]
    [InlineData("/api/v2/silences", "application/x-www-form-urlencoded", 415)]
    [InlineData("/api/v2/silences", "multipart/form-data", 415)]
    [InlineData("/api/v2/silences", "application/json", 400)]
    [InlineData("/api/v2/silences", "application/json; charset=utf-8", 400)]
    [InlineData("/api/v2/alerts", "text/plain", 415)]
    [InlineData("/api/v2/alerts", "application/json", 400)]
    [InlineData("/api/v1/status/reload", "text/plain", 415)]
    [InlineData("/api/v1/status/reload", "application/json", 400)]
    public async Task What_must_be_JSON_says_that_it_is(string path, string type, int status)
    {
        await using RunningDaemon daemon = await RunningDaemon.StartAsync(Configuration);
        using var body = new ByteArrayContent(Encoding.UTF8.GetBytes("{}"));
        body.Headers.TryAddWithoutValidation("Content-Type", type);
        (await daemon.AskAsync("POST", path, "t", null, body)).Status.Should().Be(status);
    }
}
