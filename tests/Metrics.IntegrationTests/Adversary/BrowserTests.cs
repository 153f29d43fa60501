namespace Metrics.IntegrationTests.Adversary;

/// <summary>
/// A real browser of somebody who may do everything (without tokens, on the daemon's own machine) looks at a hostile page: nothing comes
/// of it. And it looks at the daemon's own pages, which its own policy must not break.
/// </summary>
public sealed class BrowserTests : IDisposable
{
    private const string EvilName = "evil.test";

    /// <summary>What each page tries: by every means that a page has without asking, and by those for which a browser asks first.</summary>
    private const string Page = """
        <!DOCTYPE html><title>evil</title><pre id="results"></pre>
        <iframe name="frame" src="DAEMON/"></iframe>
        <img src="DAEMON/-/reload"><img src="DAEMON/export"><link rel="stylesheet" href="DAEMON/style.css">
        <form id="form" method="post" action="DAEMON/silence" target="frame">
          <input name="comment" value="evil"><input name="duration" value="1h"><input name="matchers" value="alertname=~.+">
        </form>
        <form id="text" method="post" enctype="text/plain" action="DAEMON/api/v2/silences" target="frame">
          <input name='SILENCE' value="">
        </form>
        <script>
          const silence = 'SILENCE';
          const bodies = {
            '/api/v2/silences': silence, '/api/v2/alerts': '[{"labels":{"alertname":"Evil"}}]', '/api/v1/events': '{"body":"evil"}',
            '/write': 'evil v=1', '/api/v2/write': 'evil v=1', '/-/reload': '',
            '/api/v1/forward': '{"node":"evil","log":"a","session":"b"}' + String.fromCharCode(10) + '[1,2,3,"log",9,"evil"]',
          };
          async function attempt(name, act) {
            let result;
            try { const answer = await act(); result = answer.type + ' ' + answer.status; } catch (e) { result = 'refused'; }
            document.getElementById('results').textContent += name + ': ' + result + '\n';
          }
          function send(path, body, type) {
            return fetch('DAEMON' + path, { method: 'POST', mode: type ? 'cors' : 'no-cors', body, credentials: 'include',
              headers: type ? { 'Content-Type': type } : {} });
          }
          (async () => {
            for (const path in bodies)
              await attempt('plain ' + path, () => send(path, bodies[path]));
            await attempt('json', () => send('/api/v2/silences', silence, 'application/json'));
            await attempt('put', () => fetch('DAEMON/api/v2/silence/x', { method: 'DELETE' }));
            await attempt('read', () => fetch('DAEMON/api/v1/query?query=up'));
            await attempt('override', () => fetch('DAEMON/-/reload', { headers: { 'X-HTTP-Method-Override': 'POST' } }));
            navigator.sendBeacon('DAEMON/api/v2/silences', silence);
            document.getElementById('form').submit();
            setTimeout(() => document.getElementById('text').submit(), 500);
            await new Promise(done => setTimeout(done, 2000));
            document.getElementById('results').textContent += 'all tried';
          })();
        </script>
        """;

    private const string Silence = """{"matchers":[{"name":"alertname","value":".+","isRegex":true}],"createdBy":"evil","comment":"evil","""
        + """ "startsAt":"2026-01-01T00:00:00Z","endsAt":"2099-01-01T00:00:00Z"}""";

    private readonly string _profile = Directory.CreateTempSubdirectory("browser").FullName;

    [Fact]
    public async Task A_hostile_page_changes_nothing_and_learns_nothing()
    {
        Component.Need("chromium");
        await using Daemon daemon = await Daemon.StartAsync();
        using var evil = new PageServer(Page.Replace("DAEMON", daemon.Url(""), StringComparison.Ordinal)
            .Replace("SILENCE", Silence, StringComparison.Ordinal)) { ContentType = "text/html" };
        (string page, string said) = await LookAsync($"http://{EvilName}:{evil.Port}/");

        page.Should().Contain("all tried");
        // What a page may send without asking is opaque to it, and what it must ask for is refused.
        foreach (string asked in new[] { "json", "put", "read", "override" })
            page.Should().Contain($"{asked}: refused");
        said.Should().Contain("frame-ancestors 'none'");
        (await daemon.OwnAsync("metricsd_http_refused_total{reason=\"origin\"}")).Should().BeGreaterThanOrEqualTo(9);
        (await daemon.GetAsync("/api/v2/silences")).Trim().Should().Be("[]");
        (await daemon.GetAsync("/api/v2/alerts")).Should().NotContain("Evil");
        (await daemon.GetAsync("/api/v1/events?match[]=body%3Devil")).Should().NotContain("evil");
        (await daemon.FederateAsync("evil_v")).Should().BeEmpty();
        (await daemon.GetAsync("/api/v1/audit")).Should().NotContain("evil").And.NotContain("reloaded");
    }

    [Fact]
    public async Task A_name_that_is_made_to_lead_here_is_not_answered()
    {
        Component.Need("chromium");
        await using Daemon daemon = await Daemon.StartAsync();
        (string page, _) = await LookAsync($"http://{EvilName}:{daemon.Port}/");
        page.Should().Contain($"'{EvilName}' is not a name of this machine");
        (await daemon.OwnAsync("metricsd_http_refused_total{reason=\"host\"}")).Should().BeGreaterThanOrEqualTo(1);
    }

    [Theory]
    [InlineData("/", "<h1>metricsd")]
    [InlineData("/rules", "<h1>Rules")]
    [InlineData("/audit", "<h1>Audit")]
    public async Task The_own_pages_keep_their_own_policy(string path, string expected)
    {
        Component.Need("chromium");
        await using Daemon daemon = await Daemon.StartAsync();
        (string page, string said) = await LookAsync(daemon.Url(path));
        page.Should().Contain(expected);
        said.Should().NotContain("Content Security Policy").And.NotContain("Refused to");
    }

    public void Dispose() => Directory.Delete(_profile, true);

    /// <summary>Has a browser of its own look at an address; one that gives up on a busy machine looks again.</summary>
    /// <returns>The page as it is in the end, and what the browser's console says.</returns>
    private async Task<(string Page, string Said)> LookAsync(string url)
    {
        string output = "";
        int end = -1;
        await Eventually.Async(async () =>
        {
            (_, output) = await Component.RunAsync(
                "chromium", "", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                $"--user-data-dir={_profile}", "--enable-logging=stderr", $"--host-resolver-rules=MAP {EvilName} 127.0.0.1",
                "--timeout=60000", "--virtual-time-budget=15000", "--dump-dom", url);
            end = output.LastIndexOf("</html>", StringComparison.Ordinal);
            return end >= 0;
        }, "the browser shows a page");
        return (output[..end], output[end..]);
    }
}
