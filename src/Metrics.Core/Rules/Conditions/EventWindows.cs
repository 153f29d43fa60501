using Metrics.Model;

namespace Metrics.Rules.Conditions;

/// <summary>Fills the windows of rules over events again, out of the event log: nothing is counted twice, and nothing is lost.</summary>
public static class EventWindows
{
    /// <summary>
    /// Reads back what the windows of these rules reach back to, each event once, and of each time only the kinds of those rules that reach
    /// so far. Call it when arriving events are handed to the rules already, and those that came before are in the log: what comes
    /// meanwhile is known again by its id.
    /// </summary>
    /// <param name="rules">The rules; those whose windows are known already are left alone.</param>
    /// <param name="source">The event log.</param>
    /// <param name="at">Now, milliseconds since 1970 UTC.</param>
    /// <param name="newestLeftOut">
    /// When the newest event of some kinds (null is any) was that the log was not to keep, milliseconds since 1970 UTC: only since then
    /// are counts of them known. Null where it keeps all.
    /// </param>
    /// <param name="ct">Ends the reading; windows that were not filled by then stay unknown, and can be read back later.</param>
    /// <returns>How many events were read.</returns>
    /// <exception cref="AggregateException">Some rules failed; the others are filled.</exception>
    public static async Task<long> RestoreAsync(
        IEnumerable<AlertRuleState> rules, IEventSource source, long at, Func<IReadOnlySet<string>?, long>? newestLeftOut,
        CancellationToken ct)
    {
        List<Reader> readers =
        [
            .. from rule in rules
               let memory = rule.Memory as EventCountMemory
               where memory is { IsKnown: false }
               select new Reader(memory, at - (long)(memory.Window + rule.QueryOffset).TotalMilliseconds),
        ];
        long read;
        try
        {
            read = await ReadAsync(readers, source, ct);
        }
        catch
        {
            readers.ForEach(r => r.Memory.BeginAnew());
            throw;
        }
        foreach (Reader reader in readers)
        {
            if (reader.Fault is null)
                reader.Memory.NoteRead(Math.Max(reader.From, newestLeftOut?.Invoke(reader.Memory.Kinds) ?? reader.From));
            else
                reader.Memory.BeginAnew();
        }
        List<Exception> faults = [.. readers.Select(r => r.Fault).OfType<Exception>()];
        return faults.Count == 0 ? read : throw new AggregateException(faults);
    }

    /// <param name="memory">What is to be filled.</param>
    /// <param name="from">The earliest moment that it reaches back to, milliseconds since 1970 UTC.</param>
    private sealed class Reader(EventCountMemory memory, long from)
    {
        public EventCountMemory Memory => memory;

        public long From => from;

        /// <summary>Why it is not filled, while others are.</summary>
        public Exception? Fault { get; private set; }

        public void Take(EventBatch batch)
        {
            try
            {
                if (Fault is null)
                    memory.TakeBack(batch);
            }
            catch (Exception e)
            {
                Fault = e;
            }
        }
    }

    private static async Task<long> ReadAsync(List<Reader> readers, IEventSource source, CancellationToken ct)
    {
        long read = 0;
        long[] begins = [.. readers.Select(r => r.From).Distinct().Order()];
        for (int i = 0; i < begins.Length; i++)
        {
            List<Reader> reaching = [.. readers.Where(r => r.From <= begins[i])];
            // An event that claims to be of the future counts from when it was seen; therefore the last part is without end.
            long to = i + 1 < begins.Length ? new Timestamp(begins[i + 1]).ToNanoseconds() - 1 : long.MaxValue;
            await foreach (EventBatch batch in source.ReadAsync(KindsOf(reaching), new Timestamp(begins[i]).ToNanoseconds(), to, ct))
            {
                using (batch)
                {
                    read += batch.Count;
                    reaching.ForEach(r => r.Take(batch));
                }
            }
        }
        return read;
    }

    private static HashSet<string>? KindsOf(List<Reader> readers)
    {
        List<IReadOnlySet<string>?> kinds = [.. readers.Select(r => r.Memory.Kinds)];
        return kinds.Contains(null) ? null : [.. kinds.SelectMany(k => k!)];
    }
}
