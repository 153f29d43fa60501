using System.Text.RegularExpressions;

namespace Metrics.IntegrationTests;

/// <summary>What a command shows to somebody who sits at a terminal, which <c>script</c> makes.</summary>
public sealed partial class TerminalTests
{
    [Fact]
    public async Task A_range_is_a_chart_as_wide_as_the_terminal_and_figures_elsewhere()
    {
        await using Daemon daemon = await Daemon.StartAsync();
        (await daemon.PushAsync("room,host=a temp=40\nroom,host=b temp=20")).EnsureSuccessStatusCode();
        string program = Path.Combine(AppContext.BaseDirectory, "metricsd.dll");
        string query = $"dotnet '{program}' query room_temp --range 5m --url {daemon.Url("")}";

        string seen = await SeenAsync($"stty cols 101 rows 30; unset NO_COLOR; TERM=xterm {query}");
        seen.Should().Contain(" ┤").And.Contain("\e[36m•").And.Contain("\e[33m+").And.Contain("host=\"a\"}  min 40  max 40  last 40");
        Codes().Replace(seen, "").Split('\n').Single(l => l.Contains('└')).TrimEnd('\r').Should().HaveLength(101);
        (await SeenAsync($"stty cols 101 rows 30; NO_COLOR=1 TERM=xterm {query}")).Should().Contain(" ┤").And.NotContain("\e[36m");
        (await SeenAsync($"unset NO_COLOR; TERM=xterm {query} --output text")).Should().NotContain("┤").And.Contain("host=\"a\"}  min 40  max 40  last 40");
        string piped = await SeenAsync($"unset NO_COLOR; TERM=xterm {query} | cat");
        piped.Should().NotContain("┤").And.NotContain("\e[36m").And.Contain("host=\"a\"}  min 40  max 40  last 40");
    }

    private static async Task<string> SeenAsync(string command)
    {
        (int code, string seen) = await Component.RunAsync("script", "", "-qec", command, "/dev/null");
        code.Should().Be(0, seen);
        return seen;
    }

    [GeneratedRegex("\e\\[[?0-9;]*[a-zA-Z]|\e[=>]")]
    private static partial Regex Codes();
}
