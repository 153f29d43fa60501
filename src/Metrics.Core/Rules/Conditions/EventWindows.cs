using Metrics.Model;

namespace Metrics.Rules.Conditions;

/// <summary>Fills the windows of rules over events again, out of the event log: nothing is counted twice, and nothing is lost.</summary>
public static class EventWindows
{
    /// <summary>
    /// Reads back what the windows of these rules reach back to, each event once, and of each time only the kinds of those rules that reach
    /// so far. Call it when arriving events are handed to the rules already, and those that came before are in the log: what comes meanwhile
    /// is known again by its id.
    /// </summary>
    /// <param name="rules">The rules; those whose windows are known already are left alone.</param>
    /// <param name="source">The event log.</param>
    /// <param name="at">Now, milliseconds since 1970 UTC.</param>
    /// <param name="ct">Ends the reading; windows that were not filled by then stay unknown, and can be read back later.</param>
    /// <returns>How many events were read.</returns>
    public static async Task<long> RestoreAsync(IEnumerable<AlertRuleState> rules, IEventSource source, long at, CancellationToken ct)
    {
        List<Reader> readers =
        [
            .. from rule in rules
               let memory = rule.Memory as EventCountMemory
               where memory is { IsKnown: false }
               select new Reader(memory, at - (long)(memory.Window + rule.QueryOffset).TotalMilliseconds),
        ];
        try
        {
            long read = await ReadAsync(readers, source, ct);
            readers.ForEach(r => r.Memory.NoteRead(r.From));
            return read;
        }
        catch
        {
            readers.ForEach(r => r.Memory.BeginAnew());
            throw;
        }
    }

    /// <param name="Memory">What is to be filled.</param>
    /// <param name="From">The earliest moment that it reaches back to, milliseconds since 1970 UTC.</param>
    private readonly record struct Reader(EventCountMemory Memory, long From);

    private static async Task<long> ReadAsync(List<Reader> readers, IEventSource source, CancellationToken ct)
    {
        long read = 0;
        long[] begins = [.. readers.Select(r => r.From).Distinct().Order()];
        for (int i = 0; i < begins.Length; i++)
        {
            List<EventCountMemory> reaching = [.. readers.Where(r => r.From <= begins[i]).Select(r => r.Memory)];
            // An event that claims to be of the future counts from when it was seen; therefore the last part is without end.
            long to = i + 1 < begins.Length ? new Timestamp(begins[i + 1]).ToNanoseconds() - 1 : long.MaxValue;
            await foreach (EventBatch batch in source.ReadAsync(KindsOf(reaching), new Timestamp(begins[i]).ToNanoseconds(), to, ct))
            {
                using (batch)
                {
                    read += batch.Count;
                    reaching.ForEach(m => m.TakeBack(batch));
                }
            }
        }
        return read;
    }

    private static HashSet<string>? KindsOf(List<EventCountMemory> memories) =>
        memories.Exists(m => m.Kinds is null) ? null : [.. memories.SelectMany(m => m.Kinds!)];
}
