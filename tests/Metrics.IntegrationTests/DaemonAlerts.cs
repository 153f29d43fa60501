using System.Text.Json;

namespace Metrics.IntegrationTests;

/// <summary>What a daemon tells, as its API says it.</summary>
internal static class DaemonAlerts
{
    /// <summary>The alerts that fire, in order: name and some labels, as <c>LogLevelLowered billing info</c>.</summary>
    /// <param name="daemon">Whose.</param>
    /// <param name="labels">Labels that follow the name, where an alert has them.</param>
    public static async Task<List<string>> FiringAsync(this Daemon daemon, params string[] labels)
    {
        using JsonDocument answer = JsonDocument.Parse(await daemon.GetAsync("/api/v1/alerts"));
        return
        [
            .. answer.RootElement.GetProperty("data").GetProperty("alerts").EnumerateArray()
                .Where(a => a.Text("state") == "firing").Select(a => a.GetProperty("labels"))
                .Select(l => string.Join(' ', labels.Prepend("alertname").Select(n => l.Text(n)).Where(t => t.Length > 0)))
                .Order(StringComparer.Ordinal),
        ];
    }

    /// <summary>Waits until just these alerts fire; says what fires where they do not.</summary>
    /// <param name="daemon">Whose.</param>
    /// <param name="labels">Labels that follow the name.</param>
    /// <param name="expected">The alerts, in any order.</param>
    /// <param name="but">Those that may fire or not.</param>
    public static async Task UntilFiringAsync(
        this Daemon daemon, string[] labels, IEnumerable<string> expected, params string[] but)
    {
        List<string> firing = [], sorted = [.. expected.Order(StringComparer.Ordinal)];
        try
        {
            await Eventually.Async(
                async () => (firing = [.. (await daemon.FiringAsync(labels)).Except(but)]).SequenceEqual(sorted),
                "these alerts are told, and no others");
        }
        finally
        {
            firing.Should().Equal(sorted);
        }
    }
}
