using System.Security.Cryptography;
using Metrics.Model;
using Metrics.Storage.Events;

namespace Metrics.Storage.Forwarding;

/// <summary>The name of an event log, by which a centre knows whose ids it is told: it lies in the log and goes with it.</summary>
internal static class EventLogName
{
    private const string Source = "event log";
    private const string Key = "name";

    /// <summary>The name; null where the log has none yet.</summary>
    /// <exception cref="StoreException">The log cannot be read now.</exception>
    public static async Task<string?> FindAsync(EventLog events, CancellationToken ct) =>
        (await events.PositionsAsync(Source, ct)).FirstOrDefault(p => p.Key == Key)?.State;

    /// <summary>The name; one that has none gets one.</summary>
    /// <exception cref="StoreException">The log cannot be read or written now.</exception>
    public static async Task<string> GetAsync(EventLog events, CancellationToken ct)
    {
        if (await FindAsync(events, ct) is { } known)
            return known;
        string name = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        using var batch = new EventBatch(Source, 1);
        batch.Add(new SourcePosition(Source, Key, name));
        await events.WriteAsync([batch], ct);
        return name;
    }
}
