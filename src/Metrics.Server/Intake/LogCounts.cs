using Metrics.Model;
using Metrics.Telemetry;

namespace Metrics.Intake;

/// <summary>
/// Counts the lines of logs that come in, by host, service and level. Outsiders choose hosts and services, so both are bounded: what is
/// beyond is counted as <see cref="Other"/>.
/// </summary>
internal sealed class LogCounts(IntakeMetrics metrics, TimeProvider time) : IIntakeStage
{
    /// <summary>What is counted.</summary>
    public static readonly Metric Lines = Metric.Counter(
        "log_messages_total", "Lines of logs that came in, by host, service and level.", "host", "service", "level");

    /// <summary>Series at most, those of <see cref="Other"/> among them.</summary>
    public const int MaxSeries = 2_000;

    /// <summary>Services of one host that have series of their own.</summary>
    public const int MaxServices = 50;

    /// <summary>Characters of a host or service that has a series of its own.</summary>
    public const int MaxNameLength = 128;

    /// <summary>Stands for hosts and services beyond the bounds.</summary>
    public const string Other = "other";

    /// <summary>How long a series stays without a line.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromHours(24);

    /// <summary>What is always left for lines of other services of other hosts: a series a level.</summary>
    private static readonly int s_maxOwnSeries = MaxSeries - LevelWords.All.Count;

    private readonly Lock _lock = new();
    private readonly Dictionary<LogLine, Counted> _counted = [];
    private readonly Dictionary<string, HashSet<string>> _services = [];
    private readonly Counter _beyondSeries = metrics.LinesAsOther.WithLabels("series");
    private readonly Counter _beyondServices = metrics.LinesAsOther.WithLabels("services");
    private readonly Counter _beyondLength = metrics.LinesAsOther.WithLabels("length");

    /// <summary>When they were last asked for, milliseconds since 1970 UTC: a series that begins since was 0 then.</summary>
    private long _lastTaken = time.GetUtcNow().ToUnixTimeMilliseconds();

    public ValueTask TakeAsync(EventWork work)
    {
        Count(work.Batch);
        return ValueTask.CompletedTask;
    }

    /// <summary>Counts what is a line of a log among the events of a batch.</summary>
    public void Count(EventBatch batch)
    {
        long now = time.GetTimestamp();
        lock (_lock)
        {
            for (int row = 0; row < batch.Count; row++)
            {
                if (!LogLine.TryRead(batch, row, out LogLine line))
                    continue;
                if (!_counted.TryGetValue(line, out Counted? counted))
                    counted = Place(line);
                counted.Lines++;
                counted.Last = now;
            }
        }
    }

    /// <summary>All counts as they are now; drops those of series that had no line for <see cref="Kept"/>.</summary>
    public IReadOnlyList<LogCount> Take()
    {
        lock (_lock)
        {
            Forget();
            var counts = new List<LogCount>(_counted.Count);
            foreach (Counted counted in _counted.Values)
            {
                counts.Add(new LogCount(counted.Series, counted.Lines, counted.IsTold ? null : _lastTaken));
                counted.IsTold = true;
            }
            _lastTaken = time.GetUtcNow().ToUnixTimeMilliseconds();
            return counts;
        }
    }

    /// <summary>Where a line is counted that has no series of its own yet.</summary>
    private Counted Place(LogLine line)
    {
        Counter? beyond = null;
        if (line.Host.Length > MaxNameLength || line.Service.Length > MaxNameLength)
        {
            line = line with { Host = Bounded(line.Host), Service = Bounded(line.Service) };
            beyond = _beyondLength;
        }
        if (_services.TryGetValue(line.Host, out HashSet<string>? services)
            && services.Count >= MaxServices && !services.Contains(line.Service))
        {
            line = line with { Service = Other };
            beyond = _beyondServices;
        }
        if (_counted.Count >= s_maxOwnSeries && !_counted.ContainsKey(line))
        {
            line = line with { Host = Other, Service = Other };
            beyond = _beyondSeries;
        }
        beyond?.Inc();
        if (!_counted.TryGetValue(line, out Counted? counted))
        {
            counted = new Counted(Lines.Series(line.Host, line.Service, line.Level));
            _counted.Add(line, counted);
            Note(line);
        }
        return counted;
    }

    private static string Bounded(string name) => name.Length > MaxNameLength ? Other : name;

    private void Note(LogLine line)
    {
        if (line.Service == Other)
            return;
        if (!_services.TryGetValue(line.Host, out HashSet<string>? services))
            _services.Add(line.Host, services = []);
        services.Add(line.Service);
    }

    private void Forget()
    {
        bool isAny = false;
        foreach ((LogLine line, Counted counted) in _counted)
            isAny |= time.GetElapsedTime(counted.Last) > Kept && _counted.Remove(line);
        if (!isAny)
            return;
        _services.Clear();
        foreach (LogLine line in _counted.Keys)
            Note(line);
    }

    private sealed class Counted(Labels series)
    {
        public Labels Series { get; } = series;

        public long Lines;

        /// <summary>When the last line came, by <see cref="TimeProvider.GetTimestamp"/>.</summary>
        public long Last;

        public bool IsTold;
    }
}

/// <summary>One series of <see cref="LogCounts.Lines"/>.</summary>
/// <param name="Series">Its labels.</param>
/// <param name="Lines">How many lines since the start, or since it was dropped.</param>
/// <param name="WasZeroAt">
/// Where this is its first count: when it was 0, milliseconds since 1970 UTC, so that <c>increase()</c> sees its first lines too.
/// </param>
internal readonly record struct LogCount(Labels Series, long Lines, long? WasZeroAt);
