using Metrics.Tests.Access;

namespace Metrics.Tests.Api.Alerts;

/// <summary>What may be asked of <c>/api/v1/explain</c>: rules by whatever name they have, and nothing that is none.</summary>
public sealed class ExplainTests : IDisposable
{
    private const string Rules = """
        title: A project was deleted
        logsource: { product: linux }
        detection: { s: deleted, condition: s }
        ---
        title: A name with {braces} and "quotes"
        logsource: { product: linux }
        detection: { s: other, condition: s }
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("explain").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_rule_is_found_by_its_name_and_what_is_no_name_is_refused()
    {
        File.WriteAllText(Path.Combine(_folder, "a.yml"), Rules);
        await using RunningDaemon daemon = await RunningDaemon.StartAsync($"sigma: {{ files: ['{_folder}'] }}");
        foreach (string known in (string[])[
            "Sigma: A project was deleted", " Sigma: A project was deleted ", "Sigma: A project was deleted{host=\"a\"}",
            "Sigma: A project was deleted{host=~\"a|b\", severity!=\"info\"}", "Sigma: A project was deleted{}",
            "Sigma: A name with {braces} and \"quotes\"", "{\"Sigma: A project was deleted\", host='a'}"])
        {
            (int status, string text) = await AskAsync(daemon, known);
            status.Should().Be(200, text);
            text.Should().NotContain("\"rule\":[]", $"{known} is a rule");
        }
        foreach (string unknown in (string[])["HostDown", "HostDown{host='a'}", "HostDown{}", "Sigma: A rule that is gone"])
        {
            (int status, string text) = await AskAsync(daemon, unknown);
            status.Should().Be(200, text);
            text.Should().Contain("\"rule\":[]").And.Contain("\"alerts\":[]");
        }
        foreach (string wrong in (string[])[
            "", " ", "up == 0", "up{host=\"a\"} == 0", "rate(up[5m])", "1", "{}", "{host=\"a\"}", "HostDown{host=", "HostDown{=\"a\"}",
            "Sigma: A project was deleted{host"])
        {
            (int status, string text) = await AskAsync(daemon, wrong);
            status.Should().Be(400, $"'{wrong}' is no rule's name: {text}");
            text.Should().Contain("a rule's name, with labels where it has many alerts");
        }
    }

    private static Task<(int Status, string Text)> AskAsync(RunningDaemon daemon, string alert) =>
        daemon.AskAsync("GET", $"/api/v1/explain?alert={Uri.EscapeDataString(alert)}");
}
