using Metrics.Model;

namespace Metrics.Rules.Conditions;

/// <summary>Fills the windows of rules over events again, out of the event log: nothing is counted twice, and nothing is lost.</summary>
public static class EventWindows
{
    /// <summary>
    /// Reads back what the windows of these rules reach back to. Call it when arriving events are handed to the rules already and before
    /// the first round: what comes meanwhile is known again by its id.
    /// </summary>
    /// <param name="rules">The rules; those whose windows are known already are left alone.</param>
    /// <param name="source">The event log.</param>
    /// <param name="at">Now, milliseconds since 1970 UTC.</param>
    /// <param name="ct">Ends the reading; windows that were not filled by then stay unknown.</param>
    /// <returns>How many events were read.</returns>
    public static async Task<long> RestoreAsync(IEnumerable<AlertRuleState> rules, IEventSource source, long at, CancellationToken ct)
    {
        List<EventCountMemory> memories = [.. rules.Select(r => r.Memory).OfType<EventCountMemory>().Where(m => !m.IsKnown)];
        if (memories.Count == 0)
            return 0;
        long from = (new Timestamp(at) - memories.Max(m => m.Window)).ToNanoseconds(), read = 0;
        // An event that claims to be of the future counts from when it was seen; therefore without end.
        await foreach (EventBatch batch in source.ReadAsync(KindsOf(memories), from, long.MaxValue, ct))
        {
            using (batch)
            {
                read += batch.Count;
                long newest = Newest(batch);
                // What is too old for a short window would fill it with groups, since nothing slides yet.
                foreach (EventCountMemory memory in memories.Where(m => newest >= (new Timestamp(at) - m.Window).ToNanoseconds()))
                    memory.Take(batch);
            }
        }
        memories.ForEach(m => m.NoteRead(at - (long)m.Window.TotalMilliseconds));
        return read;
    }

    private static long Newest(EventBatch batch)
    {
        long newest = long.MinValue;
        for (int row = 0; row < batch.Count; row++)
            newest = Math.Max(newest, batch.Times[row]);
        return newest;
    }

    private static HashSet<string>? KindsOf(List<EventCountMemory> memories) =>
        memories.Exists(m => m.Kinds is null) ? null : [.. memories.SelectMany(m => m.Kinds!)];
}
