using Metrics.Tests.Access;

namespace Metrics.Tests.Reports;

public sealed class ReportApiTests
{
    [Fact]
    public async Task What_a_daemon_that_knows_nothing_reports_is_not_that_all_is_well()
    {
        await using RunningDaemon daemon = await RunningDaemon.StartAsync("");
        string text = (await daemon.AskAsync("GET", "/api/v1/report")).Text;
        text.Should().Contain("Not known: no cloud is polled").And.Contain("No line of that time was read.")
            .And.Contain("Not known: it was not checked since metricsd has started.").And.Contain("None at the Identity service was reported.")
            .And.Contain("No log-in that succeeds was reported").And.Contain("None has fired, and none is open.");
        (await daemon.AskAsync("GET", "/api/v1/report?format=html")).Text.Should().StartWith("<!DOCTYPE html>").And.Contain("<h3>Logs</h3>");
        (await daemon.AskAsync("GET", "/api/v1/report?format=pdf")).Text.Should().Contain("neither text nor html");
    }
}
