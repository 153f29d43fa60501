using System.Text.Json;

namespace Metrics.IntegrationTests.Identity;

/// <summary>All that a daemon tells while it is looked at, and since when.</summary>
/// <param name="daemon">Whose.</param>
/// <param name="names">Name of each account, by the id by which some alerts call it.</param>
internal sealed class AlertWatch(Daemon daemon, IReadOnlyDictionary<string, string> names)
{
    private readonly Dictionary<ToldAlert, long> _told = [];

    /// <summary>What was told, and when that was seen first.</summary>
    public IReadOnlyDictionary<ToldAlert, long> Told => _told;

    /// <summary>Looks at what fires.</summary>
    public async Task LookAsync()
    {
        using JsonDocument answer = JsonDocument.Parse(await daemon.GetAsync("/api/v1/alerts"));
        long now = TimeProvider.System.GetTimestamp();
        foreach (JsonElement alert in answer.RootElement.GetProperty("data").GetProperty("alerts").EnumerateArray())
        {
            JsonElement labels = alert.GetProperty("labels");
            string user = labels.Text("user_name"), id = labels.Text("user_id");
            if (user.Length == 0)
                user = names.GetValueOrDefault(id, id);
            if (alert.Text("state") == "firing")
                _told.TryAdd(new ToldAlert(labels.Text("alertname"), user, labels.Text("source_ip")), now);
        }
    }

    /// <summary>Looks until something has come about.</summary>
    public Task UntilAsync(Func<Task<bool>> condition, string what, TimeSpan? patience = null) => Eventually.Async(async () =>
    {
        await LookAsync();
        return await condition();
    }, what, patience);

    /// <summary>Looks until the rules on log-ins were evaluated so often at their interval.</summary>
    public async Task RoundsAsync(int rounds)
    {
        double first = await RoundsAsync();
        await UntilAsync(async () => await RoundsAsync() >= first + rounds, "the rules are evaluated again", TimeSpan.FromMinutes(5));
    }

    private Task<double> RoundsAsync() => daemon.OwnAsync("metricsd_rule_evaluations_total{group=\"identity\",trigger=\"interval\"}");
}
