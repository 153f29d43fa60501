using System.Text.Json;

namespace Metrics.IntegrationTests;

/// <summary>What a daemon has stored, and how its inputs fare, as its API says it.</summary>
internal static class DaemonEvents
{
    /// <summary>All events in the order in which they came, page by page.</summary>
    public static async Task<List<JsonElement>> EventsAsync(this Daemon daemon)
    {
        var events = new List<JsonElement>();
        long after = 0;
        while (true)
        {
            string page = await daemon.GetAsync($"/api/v1/events?order=oldest&limit=10000&after={after}");
            List<JsonElement> some = [.. JsonDocument.Parse(page).RootElement.GetProperty("data").GetProperty("events").EnumerateArray()];
            events.AddRange(some);
            if (some.Count < 10_000)
                return events;
            after = some[^1].GetProperty("id").GetInt64();
        }
    }

    /// <summary>All events, once there are as many.</summary>
    public static async Task<List<JsonElement>> EventsAsync(this Daemon daemon, int count)
    {
        List<JsonElement> events = [];
        await Eventually.Async(
            async () => (events = await daemon.EventsAsync()).Count >= count, $"{count} events: {daemon.Log}", TimeSpan.FromMinutes(2));
        return events;
    }

    /// <summary>How an input fares; while a reload replaces it, it is waited for.</summary>
    public static async Task<JsonElement> InputAsync(this Daemon daemon, string name)
    {
        JsonElement input = default;
        await Eventually.Async(async () =>
        {
            input = JsonDocument.Parse(await daemon.GetAsync("/api/v1/inputs")).RootElement.GetProperty("data").EnumerateArray()
                .FirstOrDefault(i => i.GetProperty("name").GetString() == name);
            return input.ValueKind == JsonValueKind.Object;
        }, $"the input {name} is there");
        return input;
    }

    /// <summary>A field of an event; empty where it has none.</summary>
    public static string Text(this JsonElement one, string field) =>
        one.TryGetProperty(field, out JsonElement value) ? value.ToString() : "";
}
