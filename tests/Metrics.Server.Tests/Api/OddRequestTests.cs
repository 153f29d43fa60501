using System.Net.Http.Headers;
using System.Text;
using Metrics.Access;
using Metrics.Tests.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;

namespace Metrics.Tests.Api;

/// <summary>What cannot be read is said so, in Prometheus's form where that is spoken; nothing of it is a fault of ours.</summary>
public sealed class OddRequestTests
{
    private const string Part = "--x\r\nContent-Disposition: form-data; name=\"query\"\r\n\r\n";

    [Theory]
    [InlineData("/api/v1/query?query=1&timeout=-5", "invalid parameter \\\"timeout\\\": \\\"-5\\\" is not above zero")]
    [InlineData("/api/v1/query?query=1&timeout=0", "invalid parameter \\\"timeout\\\": \\\"0\\\" is not above zero")]
    [InlineData("/api/v1/query?query=1&timeout=NaN", "cannot parse \\\"NaN\\\" to a valid duration")]
    [InlineData("/api/v1/query?query=1&time=1e400", "cannot parse \\\"1e400\\\" to a valid timestamp")]
    [InlineData("/api/v1/query?query=1&time=NaN", "cannot parse \\\"NaN\\\" to a valid timestamp")]
    [InlineData("/api/v1/query?query=1&limit=-1", "cannot parse \\\"-1\\\" to a number that is not negative")]
    [InlineData("/api/v1/query_range?query=1&start=0&end=1e12&step=1", "exceeded maximum resolution of 11,000 points")]
    [InlineData("/api/v1/query_range?query=1&start=0&end=1&step=1e400", "cannot parse \\\"1e400\\\" to a valid duration")]
    [InlineData("/api/v1/query_range?query=1&start=0&end=1&step=-1", "zero or negative query resolution step widths are not accepted")]
    [InlineData("/api/v1/query?query=%7Ba=%22%FF%22%7D", "a parameter is no UTF-8")]
    [InlineData("/api/v1/query?query=%7Ba=%22%ED%A0%80%22%7D", "a parameter is no UTF-8")]
    [InlineData("/api/v1/query?query=%7Ba=%22%00%22%7D", "a parameter holds NUL")]
    public async Task An_odd_parameter(string path, string error)
    {
        await using RunningDaemon daemon = await RunningDaemon.StartAsync("");
        (int status, string text) = await daemon.AskAsync("GET", path);
        text.Should().StartWith("{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":\"").And.Contain(error);
        status.Should().Be(400);
    }

    [Theory]
    [InlineData("/api/v1/events?from=3000y", 200, "\"events\":[]")]
    [InlineData("/api/v1/events?from=400y&to=29000y", 200, "\"events\":[]")]
    [InlineData("/export?from=3000y", 400, "'3000y' ago is before the year 1")]
    [InlineData("/export?from=3000y&to=2900y", 400, "'3000y' ago is before the year 1")]
    [InlineData("/export?to=29000y", 400, "'29000y' ago is before the year 1")]
    public async Task A_time_before_all_times(string path, int status, string text)
    {
        await using RunningDaemon daemon = await RunningDaemon.StartAsync("");
        (int answered, string body) = await daemon.AskAsync("GET", path);
        body.Should().Contain(text);
        answered.Should().Be(status);
    }

    [Theory]
    [InlineData(typeof(ConnectionResetException), false)]
    [InlineData(typeof(ConnectionAbortedException), false)]
    [InlineData(typeof(ConnectionResetException), true)]
    public async Task A_client_that_goes_away_is_no_fault_of_ours(Type seen, bool isInner)
    {
        var e = (Exception)Activator.CreateInstance(seen, "reset")!;
        Exception thrown = isInner ? new TaskCanceledException("canceled", e) : e;
        await using RunningDaemon daemon = await RunningDaemon.StartAsync("", app => app.MapGet("/gone", _ => throw thrown).Anyone());
        await FluentActions.Awaiting(() => daemon.AskAsync("GET", "/gone")).Should().ThrowAsync<HttpRequestException>();
        (await daemon.OwnAsync("metricsd_faults_total", "http", "")).Should().Be(0);
    }

    [Theory]
    [InlineData("application/x-www-form-urlencoded; charset=utf-7", "query=1", "the form cannot be read")]
    [InlineData("application/x-www-form-urlencoded", "query=%7Ba=%22%00%22%7D", "the form cannot be read")]
    [InlineData("multipart/form-data; boundary=x", Part + "a\0b\r\n--x--\r\n", "the form holds NUL")]
    [InlineData("multipart/form-data; boundary=x", Part + "1", "the form cannot be read")]
    [InlineData("multipart/form-data", "query=1", "the form cannot be read")]
    public async Task An_odd_form(string type, string form, string error)
    {
        await using RunningDaemon daemon = await RunningDaemon.StartAsync("");
        using var body = new ByteArrayContent(Encoding.UTF8.GetBytes(form));
        body.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        (int status, string text) = await daemon.AskAsync("POST", "/api/v1/query", null, null, body);
        text.Should().StartWith("{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":\"").And.Contain(error);
        status.Should().Be(400);
    }

    [Theory]
    [InlineData("\"\\ud800\"", "half of a character: \\\\ud800")]
    [InlineData("\"\\udc00\\ud800\"", "half of a character: \\\\udc00")]
    [InlineData("\"\\\\\\udc00\"", "half of a character: \\\\udc00")]
    [InlineData("\"a\\u0000b\"", "a text holds NUL")]
    [InlineData("\"\u00ff\"", "a text is no UTF-8")]
    [InlineData("\"\\ud83d\\ude00 \\\\ud800 \\n\"", null)]
    public async Task An_odd_text_in_JSON(string comment, string? error)
    {
        await using RunningDaemon daemon = await RunningDaemon.StartAsync("");
        const string Times = "\"startsAt\":\"2026-01-01T00:00:00Z\",\"endsAt\":\"2099-01-01T00:00:00Z\"";
        string silence = $$"""{"matchers":[{"name":"a","value":"b"}],{{Times}},"createdBy":"x","comment":{{comment}}}""";
        using var body = new ByteArrayContent(Encoding.Latin1.GetBytes(silence));
        body.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        (int status, string text) = await daemon.AskAsync("POST", "/api/v2/silences", null, null, body);
        status.Should().Be(error is null ? 200 : 400, text);
        text.Should().Contain(error ?? "silenceID");
    }
}
