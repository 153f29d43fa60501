using System.Globalization;
using Metrics.Configuration;
using Metrics.Storage.Samples.Influx;

namespace Metrics.Tests.Storage;

/// <summary>Every answer of InfluxDB 1, 2 and 3 that is known, and what follows from it. The words are those of the servers.</summary>
public sealed class InfluxAnswerTests
{
    [Theory]
    [InlineData(1, 204, "", "Written", 0)]
    [InlineData(2, 200, "", "Written", 0)]
    [InlineData(1, 400, "{\"error\":\"partial write: field type conflict: input field \\\"v\\\" dropped=1\"}", "Partial", 1)]
    [InlineData(1, 400, "{\"error\":\"partial write: unable to parse 'a': x\\nunable to parse 'b': y dropped=0\"}", "Partial", 2)]
    [InlineData(1, 400, "{\"error\":\"partial write: points beyond retention policy dropped=7\"}", "Partial", 7)]
    [InlineData(1, 400, "{\"error\":\"partial write: max-series-per-database limit exceeded: (9) dropped=30\"}", "Partial", 30)]
    [InlineData(1, 400, "{\"error\":\"unable to parse 'x': missing fields\"}", "Rejected", 0)]
    [InlineData(2, 400, "{\"code\":\"invalid\",\"message\":\"unable to parse 'x': missing fields\"}", "Halve", 0)]
    [InlineData(
        2, 422, "{\"code\":\"unprocessable entity\",\"message\":\"failure writing points to database: partial write: x dropped=3\"}",
        "Partial", 3)]
    [InlineData(
        2, 500, "{\"message\":\"unexpected error writing points to database: partial write: field type conflict dropped=2\"}", "Partial",
        2)]
    [InlineData(
        3, 400, "{\"error\":\"partial write of line protocol occurred\",\"data\":[{\"line_number\":2},{\"line_number\":5}]}", "Partial", 2)]
    [InlineData(3, 400, "{\"error\":\"line protocol parsing error\",\"data\":{}}", "Halve", 0)]
    [InlineData(1, 401, "{\"error\":\"authorization failed\"}", "Hold", 0)]
    [InlineData(2, 403, "insufficient permissions for write", "Hold", 0)]
    [InlineData(1, 404, "{\"error\":\"database not found: \\\"x\\\"\"}", "NoDatabase", 0)]
    [InlineData(1, 404, "404 page not found", "Hold", 0)]
    [InlineData(1, 413, "{\"error\":\"Request Entity Too Large\"}", "Halve", 0)]
    [InlineData(1, 413, "<html>nginx</html>", "Halve", 0)]
    [InlineData(2, 429, "", "Retry", 0)]
    [InlineData(1, 500, "{\"error\":\"retention policy not found: x\"}", "Hold", 0)]
    [InlineData(1, 500, "{\"error\":\"engine: error writing WAL entry: no space left on device\"}", "Retry", 0)]
    [InlineData(2, 500, "engine: cache-max-memory-size exceeded", "Retry", 0)]
    [InlineData(1, 503, "request throttled, queue full", "Retry", 0)]
    [InlineData(1, 302, "", "Hold", 0)]
    [InlineData(1, 200, "<!DOCTYPE html>", "Hold", 0)]
    [InlineData(1, 200, "{\"error\":\"no\"}", "Hold", 0)]
    [InlineData(1, 200, "{\"error\":[1]}", "Hold", 0)]
    [InlineData(1, 400, "<html>The plain HTTP request was sent to HTTPS port</html>", "Hold", 0)]
    [InlineData(1, 400, "{\"error\":\"partial write: x dropped=99999999999999999999\"}", "Partial", 1)]
    [InlineData(2, 404, "{\"code\":\"not found\",\"message\":\"bucket \\\"metrics\\\" not found\"}", "NoDatabase", 0)]
    [InlineData(2, 404, "{\"code\":\"not found\",\"message\":\"organization name \\\"o\\\" not found\"}", "Hold", 0)]
    [InlineData(3, 422, "{\"error\":\"Update to schema would exceed number of tables\",\"data\":[{\"line_number\":1}]}", "Partial", 1)]
    [InlineData(3, 422, "{\"error\":\"something else\"}", "Hold", 0)]
    [InlineData(3, 413, "", "Halve", 0)]
    [InlineData(1, 408, "", "Retry", 0)]
    [InlineData(1, 418, "", "Hold", 0)]
    [InlineData(1, 999, "", "Retry", 0)]
    public void Is_judged(int version, int status, string body, string verdict, int dropped)
    {
        InfluxAnswer answer =
            InfluxAnswer.Judge(
                (InfluxVersion)version, new InfluxWords(status, "application/json", null, body, null), DateTimeOffset.UnixEpoch);
        (answer.Verdict.ToString(), answer.Dropped).Should().Be((verdict, dropped), answer.Reason);
    }

    [Fact]
    public void A_web_page_with_status_200_is_no_success() =>
        InfluxAnswer.Judge(InfluxVersion.V1, new InfluxWords(200, "text/html", null, "", null), DateTimeOffset.UnixEpoch)
            .Verdict.Should().Be(WriteVerdict.Hold);

    [Theory]
    [InlineData("120", 120)]
    [InlineData("1.5", 1.5)]
    [InlineData("99999", 600)]
    [InlineData("99999999999", 600)]
    [InlineData("1000000000000000000000000000000", 600)]
    [InlineData("Thursday, 01-Jan-70 00:01:00 GMT", 60)]
    [InlineData("Thu Jan  1 00:01:00 1970", 60)]
    [InlineData("Fri, 31 Dec 9999 23:59:59 GMT", 600)]
    [InlineData("Thu, 01 Jan 1970 00:01:00 GMT", 60)]
    [InlineData("Wed, 31 Dec 1969 00:00:00 GMT", 0)]
    public void Retry_After_is_seconds_or_a_date(string text, double seconds) =>
        InfluxAnswer.ReadRetryAfter(text, DateTimeOffset.UnixEpoch)!.Value.TotalSeconds.Should().Be(seconds);

    [Theory]
    [InlineData("soon")]
    [InlineData("-5")]
    [InlineData("1e9")]
    [InlineData("")]
    [InlineData("12:30")]
    [InlineData(null)]
    public void Anything_else_is_not_understood(string? text) =>
        InfluxAnswer.ReadRetryAfter(text, DateTimeOffset.UnixEpoch).Should().BeNull();

    [Fact]
    public void The_pause_doubles_to_a_minute_and_heeds_the_server()
    {
        for (int failures = 1; failures <= 20; failures++)
        {
            double longest = Math.Min(60, Math.Pow(2, failures - 1));
            InfluxSender.PauseAfter(failures, null).TotalSeconds.Should().BeInRange(longest / 2, longest);
        }
        InfluxSender.PauseAfter(1, TimeSpan.FromSeconds(90)).TotalSeconds.Should().BeInRange(90, 99);
    }
}
