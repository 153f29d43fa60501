using System.Net;
using System.Text.RegularExpressions;
using Metrics.Alerting;
using Metrics.Tests.Access;

namespace Metrics.Tests.Web;

/// <summary>Forms of the pages, as a browser without scripts sends them.</summary>
public sealed partial class FormTests
{
    private const string Tokens = "auth: { tokens: [ { name: ann, role: operator, token: t }, { name: see, role: viewer, token: v } ] }";

    private const string TokenField = "__RequestVerificationToken";

    private static readonly (string, string) s_basic = ("Authorization", "Basic " + Convert.ToBase64String("ann:t"u8));

    [Fact]
    public async Task A_silence_needs_the_form_that_our_own_page_made()
    {
        await using RunningDaemon daemon = await RunningDaemon.StartAsync(Tokens);
        (int status, string page) = await PostAsync(daemon, [s_basic], [.. Silence("host=\"<b>\"", "2h")]);
        status.Should().Be(400);
        page.Should().Contain("This form was not made by this page");
        page.Should().Contain("value=\"host=&quot;&lt;b&gt;&quot;\"", "what was entered stays, and is no HTML");
        (await daemon.AskAsync("GET", "/api/v2/silences", "v")).Text.Should().Be("[]");

        (string cookie, string token) = await OpenAsync(daemon);
        (status, page) = await PostAsync(daemon, [s_basic, ("Cookie", cookie)], [.. Silence("host=a", "soon"), TokenField, token]);
        (status, page.Contains("the duration must be one such as 30m or 2h", StringComparison.Ordinal)).Should().Be((400, true));
        (status, page) = await PostAsync(daemon, [s_basic, ("Cookie", cookie)], [.. Silence("host=a", "30m"), TokenField, token]);
        status.Should().Be(200, page);
        page.Should().Contain("Nobody is notified of these alerts for 30m");
        (await daemon.AskAsync("GET", "/api/v2/silences", "v")).Text.Should().Contain("known");
    }

    [Fact]
    public async Task A_page_of_another_site_silences_nothing_with_the_password_that_the_browser_knows()
    {
        await using RunningDaemon daemon = await RunningDaemon.StartAsync(Tokens);
        (string cookie, string token) = await OpenAsync(daemon);
        (string, string)[] headers = [s_basic, ("Cookie", cookie), ("Origin", "http://evil.example")];
        (int status, _) = await PostAsync(daemon, headers, [.. Silence("host=a", "2h"), TokenField, token]);
        status.Should().Be(403);
        (status, _) = await PostAsync(daemon, [("Authorization", "Basic " + Convert.ToBase64String("see:v"u8))], "filter", "host=a");
        status.Should().Be(403, "a viewer silences nothing");
    }

    [Fact]
    public async Task Without_tokens_the_form_works_too()
    {
        await using RunningDaemon daemon = await RunningDaemon.StartAsync("");
        (string cookie, string token) = await OpenAsync(daemon);
        (string, string)[] headers = [("Cookie", cookie), ("Origin", daemon.Address.GetLeftPart(UriPartial.Authority))];
        (int status, string page) = await PostAsync(daemon, headers, [.. Silence("host=a", "2h"), TokenField, token]);
        status.Should().Be(200, page);
    }

    [Fact]
    public async Task An_acknowledging_link_is_for_whoever_has_it_and_only_as_it_was_signed()
    {
        await using RunningDaemon daemon = await RunningDaemon.StartAsync(Tokens);
        var links = (SignedLinks)daemon.Services.GetService(typeof(SignedLinks))!;
        string link = $"/acknowledge/k?{links.Sign("acknowledge k")}";
        (int status, string page) = await daemon.AskAsync("GET", link);
        (status, page.Contains("These alerts are over.", StringComparison.Ordinal)).Should().Be((200, true));
        page.Should().StartWith("<!DOCTYPE html>");
        (await daemon.AskAsync("GET", link.Replace("/k?", "/K?", StringComparison.Ordinal))).Status.Should().Be(403);
        (await daemon.AskAsync("GET", "/acknowledge/k")).Text.Should().Contain("This link is not valid, or too old.");
        (await daemon.AskAsync("POST", link, null, null, Form("by", ""))).Status.Should().Be(400);
        (await daemon.AskAsync("POST", link)).Text.Should().Contain("A form is expected.");
        (_, page) = await daemon.AskAsync("POST", link, null, null, Form("by", "<i>ann</i>"));
        page.Should().Contain("Thank you, &lt;i&gt;ann&lt;/i&gt;.");
        (await daemon.AskAsync("POST", link, null, [("Origin", "http://evil.example")], Form("by", "eve"))).Status.Should().Be(403);
    }

    [Fact]
    public async Task An_alert_that_nobody_knows_is_404()
    {
        await using RunningDaemon daemon = await RunningDaemon.StartAsync(Tokens);
        (int status, string page) = await daemon.AskAsync("GET", "/alerts/00", "v");
        (status, page.Contains("Nothing is known of this alert.", StringComparison.Ordinal)).Should().Be((404, true));
    }

    private static string[] Silence(string filter, string duration) =>
        ["filter", filter, "duration", duration, "by", "ann", "comment", "known"];

    private static async Task<(string Cookie, string Token)> OpenAsync(RunningDaemon daemon)
    {
        using HttpResponseMessage page = await daemon.SendAsync("GET", "/silences/new?filter=host%3Da", null, [s_basic]);
        page.StatusCode.Should().Be(HttpStatusCode.OK);
        string cookie = page.Headers.GetValues("Set-Cookie").Single();
        cookie.Should().Contain("samesite=strict").And.Contain("httponly");
        string token = Hidden().Match(await page.Content.ReadAsStringAsync()).Groups[1].Value;
        return (cookie[..cookie.IndexOf(';', StringComparison.Ordinal)], token);
    }

    private static Task<(int Status, string Text)> PostAsync(RunningDaemon daemon, (string, string)[] headers, params string[] fields) =>
        daemon.AskAsync("POST", "/silences/new", null, headers, Form(fields));

    private static FormUrlEncodedContent Form(params string[] fields) => new(fields.Chunk(2).Select(f => KeyValuePair.Create(f[0], f[1])));

    [GeneratedRegex("name=\"__RequestVerificationToken\" value=\"([^\"]+)\"")]
    private static partial Regex Hidden();
}
