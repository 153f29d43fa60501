using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;

namespace Metrics.Telemetry;

/// <summary>
/// Where the unforeseen ends: a unit of work that fails for a reason that nobody has foreseen is logged with its stack (the same one every
/// five minutes), counted by room, and its loop goes on, more slowly while that repeats. So nothing that somebody sends ends the daemon.
/// Safe for use by several threads.
/// </summary>
internal sealed partial class Faults
{
    /// <summary>How long a room counts as failing after its last fault.</summary>
    public static readonly TimeSpan FailingFor = TimeSpan.FromMinutes(5);

    private const double FirstPauseSeconds = 1;
    private const double LongestPauseSeconds = 60;

    private readonly ConcurrentDictionary<string, Room> _rooms = new();
    private ILogger _log = NullLogger.Instance;

    public Faults(MetricRegistry registry) => Metrics = new FaultMetrics(registry);

    /// <summary>How many there were.</summary>
    public FaultMetrics Metrics { get; }

    /// <summary>What is known of a room's faults.</summary>
    /// <param name="Message">The last one.</param>
    /// <param name="At">When it was, milliseconds since 1970 UTC.</param>
    /// <param name="InARow">How many there were without a success in between.</param>
    /// <param name="LoggedAt">When one of this message was logged.</param>
    private sealed record Room(string Message, long At, int InARow, long LoggedAt);

    /// <summary>Has them logged.</summary>
    public void LogTo(ILogger log) => _log = log;

    /// <summary>Does a unit of work.</summary>
    /// <param name="room">Whose it is, one word, as the metric has it.</param>
    /// <param name="work">The work.</param>
    /// <param name="time">The clock.</param>
    /// <returns>Whether it was done.</returns>
    public bool Guard(string room, Action work, TimeProvider time)
    {
        try
        {
            work();
            Succeed(room);
            return true;
        }
        catch (Exception e)
        {
            Note(room, e, time);
            return false;
        }
    }

    /// <summary>Does a unit of work of a loop; after one that failed it waits a while, the longer the more failed in a row.</summary>
    /// <param name="room">Whose it is, one word, as the metric has it.</param>
    /// <param name="work">The work.</param>
    /// <param name="time">The clock.</param>
    /// <param name="stopping">The daemon stops: then what the work throws is thrown on.</param>
    /// <returns>Whether it was done.</returns>
    public async Task<bool> GuardAsync(string room, Func<Task> work, TimeProvider time, CancellationToken stopping)
    {
        try
        {
            await work();
            Succeed(room);
            return true;
        }
        catch (Exception e) when (!stopping.IsCancellationRequested)
        {
            TimeSpan pause = Note(room, e, time);
            await Task.Delay(pause, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return false;
        }
    }

    /// <summary>Notes a unit of work that failed.</summary>
    /// <returns>How long its loop had better wait.</returns>
    public TimeSpan Note(string room, Exception e, TimeProvider time)
    {
        Metrics.Total.WithLabels(room).Inc();
        long now = time.GetUtcNow().ToUnixTimeMilliseconds();
        Room noted = _rooms.AddOrUpdate(
            room, _ => new Room(e.Message, now, 1, now), (_, before) => new Room(e.Message, now, before.InARow + 1, LogAt(before, e, now)));
        if (noted.LoggedAt == now)
            LogFault(e, room);
        double seconds = FirstPauseSeconds * Math.Pow(2, Math.Min(noted.InARow - 1, 10));
        return TimeSpan.FromSeconds(Math.Min(seconds, LongestPauseSeconds));
    }

    /// <summary>The rooms that failed lately, and why.</summary>
    public IReadOnlyList<(string Room, string Message)> Failing(TimeProvider time)
    {
        long since = time.GetUtcNow().ToUnixTimeMilliseconds() - (long)FailingFor.TotalMilliseconds;
        return
        [
            .. _rooms.Where(r => r.Value.At >= since).OrderBy(r => r.Key, StringComparer.Ordinal).Select(r => (r.Key, r.Value.Message)),
        ];
    }

    /// <summary>One that comes again and again is logged now and then.</summary>
    private static long LogAt(Room before, Exception e, long now) =>
        before.Message == e.Message && now - before.LoggedAt < FailingFor.TotalMilliseconds ? before.LoggedAt : now;

    private void Succeed(string room)
    {
        if (_rooms.TryGetValue(room, out Room? before) && before.InARow > 0)
            _rooms.TryUpdate(room, before with { InARow = 0 }, before);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A fault of ours in {Room}; it goes on, and metricsd_faults_total counts. Please report this")]
    private partial void LogFault(Exception e, string room);
}
