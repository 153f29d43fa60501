using Metrics.Formats.Logs.Templates;
using Metrics.Model;
using Metrics.Telemetry;

namespace Metrics.Intake;

/// <summary>
/// Counts the lines of logs that come in, by host, service and level, the requests and events that they tell of, and when detectors have
/// looked. Outsiders choose hosts and services, so all are bounded: what is beyond is counted as <see cref="Other"/>.
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
    private readonly CountTable<LogLine> _counted = new(Lines, time);
    private readonly RequestCounts _requests = new(metrics, time);
    private readonly EventCounts _events = new(metrics, time);
    private readonly DetectorLooks _looks = new(metrics, time);
    private readonly Dictionary<string, HashSet<string>> _services = [];
    private readonly byte[] _said = new byte[JsonLine.MaxLength];
    private readonly Counter _beyondSeries = metrics.LinesAsOther.WithLabels("series");
    private readonly Counter _beyondServices = metrics.LinesAsOther.WithLabels("services");
    private readonly Counter _beyondLength = metrics.LinesAsOther.WithLabels("length");

    public ValueTask TakeAsync(EventWork work)
    {
        Count(work.Batch);
        _looks.Take(work);
        return ValueTask.CompletedTask;
    }

    /// <summary>Learns when detectors looked, as it was stored before the last end.</summary>
    public void Load(IReadOnlyList<SourcePosition> looks) => _looks.Load(looks);

    /// <summary>Counts what is a line of a log among the events of a batch.</summary>
    public void Count(EventBatch batch)
    {
        long now = time.GetTimestamp();
        lock (_lock)
        {
            for (int row = 0; row < batch.Count; row++)
            {
                _events.Count(batch, row, now);
                if (!LogLine.TryRead(batch, row, out LogLine line))
                    continue;
                if (line.Level == LevelWords.Unknown && LogLine.IsPlain(batch, row))
                    line = line with { Level = LevelOf(batch.MessageOf(row)) };
                (_counted.Find(line) ?? Place(ref line)).Note(now);
                if (batch.Kinds[row] == EventKinds.HttpRequest)
                    _requests.Count(batch, row, line, now);
            }
        }
    }

    /// <summary>All counts as they are now; drops those of series that had no line for <see cref="Kept"/>.</summary>
    public IReadOnlyList<LogCount> Take()
    {
        lock (_lock)
        {
            if (_counted.Forget(Kept))
                NoteServices();
            return [.. _counted.Take(), .. _requests.Take(), .. _events.Take(), .. _looks.Series()];
        }
    }

    /// <summary>The level that a line names where it is a JSON object, also within that of a container's log.</summary>
    private string LevelOf(ReadOnlySpan<byte> line)
    {
        if (!JsonLine.Is(line))
            return LevelWords.Unknown;
        JsonLine.Read(line, _said, out byte level);
        return LevelWords.Of(level);
    }

    /// <summary>Where a line is counted that has no series of its own yet; the line becomes what it is counted as.</summary>
    private CountedSeries Place(ref LogLine line)
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
        if (_counted.Count >= s_maxOwnSeries && _counted.Find(line) is null)
        {
            line = line with { Host = Other, Service = Other };
            beyond = _beyondSeries;
        }
        beyond?.Inc();
        if (_counted.Find(line) is { } counted)
            return counted;
        Note(line);
        return _counted.Add(line, line.Host, line.Service, line.Level);
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

    private void NoteServices()
    {
        _services.Clear();
        foreach (LogLine line in _counted.Keys)
            Note(line);
    }
}
