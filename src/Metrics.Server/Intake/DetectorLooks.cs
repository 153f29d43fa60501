using System.Text.Json;
using Metrics.Model;
using Metrics.Telemetry;

namespace Metrics.Intake;

/// <summary>
/// When each detector of each host has finished a look last, and what pause is usual of it, as series: a rule misses the one that did not
/// look. Outsiders may choose names, so their number is bounded.
/// </summary>
/// <remarks>What was learned is stored in the commit of the event that taught it, so that a restart forgets nothing.</remarks>
internal sealed class DetectorLooks(IntakeMetrics metrics, TimeProvider time)
{
    /// <summary>Whose positions they are.</summary>
    public const string Source = "detectors";

    /// <summary>Detectors at most.</summary>
    public const int MaxKnown = 2_000;

    /// <summary>When a detector finished.</summary>
    public static readonly Metric Finished = Metric.Gauge(
        "detector_finished_timestamp_seconds", "When a scanner of a host has finished a look last.", "host", "detector");

    /// <summary>How long its pauses are.</summary>
    public static readonly Metric Pause = Metric.Gauge(
        "detector_usual_pause_seconds",
        "The longest pause between two looks of a scanner that it has made twice; known when it is heard for twelve days.",
        "host", "detector");

    private const long Second = 1_000_000_000;

    /// <summary>After so long without a look a detector is forgotten.</summary>
    private const long Forget = 35 * 86_400;

    /// <summary>A look so far ahead of the clock was noted while that was wrong.</summary>
    private const long Ahead = 5 * 60;

    private readonly Lock _lock = new();
    private readonly Dictionary<(string Host, string Detector), DetectorRhythm> _known = [];
    private readonly Counter _beyond = metrics.LinesAsOther.WithLabels("detectors");
    private readonly Queue<SourcePosition> _gone = [];

    /// <summary>Learns what was stored before the last end.</summary>
    public void Load(IReadOnlyList<SourcePosition> stored)
    {
        lock (_lock)
        {
            foreach (SourcePosition position in stored)
            {
                if (_known.Count < MaxKnown && KeyOf(position.Key) is { } key
                    && DetectorRhythm.From(position.Read<StoredLooks>()) is { } rhythm)
                    _known[key] = rhythm;
                else
                    _gone.Enqueue(position with { State = null });
            }
        }
    }

    /// <summary>Notes what of a batch tells of the end of a look.</summary>
    public void Take(EventWork work)
    {
        EventBatch batch = work.Batch;
        lock (_lock)
        {
            for (int row = 0; row < batch.Count; row++)
            {
                if (batch.TryFind(row, EventFields.ScanState, out ReadOnlySpan<byte> state) && state.SequenceEqual("finished"u8))
                    Note(work, row);
            }
            while (_gone.TryDequeue(out SourcePosition? gone))
                batch.Add(gone);
        }
    }

    /// <summary>The series as they are now.</summary>
    public List<LogCount> Series()
    {
        lock (_lock)
        {
            foreach (DetectorRhythm rhythm in _known.Values)
                rhythm.ForgetAfter(Now + Ahead);
            Sweep();
            var series = new List<LogCount>();
            foreach (((string host, string detector), DetectorRhythm rhythm) in _known.Where(k => k.Value.Last > 0))
            {
                series.Add(new LogCount(Finished, Finished.Series(host, detector), rhythm.Last, null));
                if (rhythm.UsualPause() is { } pause)
                    series.Add(new LogCount(Pause, Pause.Series(host, detector), pause, null));
            }
            return series;
        }
    }

    private void Note(EventWork work, int row)
    {
        EventBatch batch = work.Batch;
        string host = batch.Find(row, EventFields.Host) ?? "", detector = batch.Find(row, EventFields.ObserverName) ?? "";
        if (host.Length == 0 || detector.Length == 0)
            return;
        bool isKnown = _known.TryGetValue((host, detector), out DetectorRhythm? rhythm);
        bool isTooLong = host.Length > LogCounts.MaxNameLength || detector.Length > LogCounts.MaxNameLength;
        if (!isKnown && (isTooLong || _known.Count >= MaxKnown))
        {
            _beyond.Inc();
            return;
        }
        if (!isKnown)
            _known.Add((host, detector), rhythm = new DetectorRhythm());
        // A clock that is ahead for a while is not believed: nothing would be missed for so long.
        long at = Math.Min(batch.MomentOf(row) / Second, Now);
        rhythm!.ForgetAfter(Now + Ahead);
        if (!rhythm.Note(at))
            return;
        batch.Add(new SourcePosition(Source, TextOf(host, detector), JsonSerializer.Serialize(rhythm.Stored)));
        work.Committed?.OnFailure(() =>
        {
            lock (_lock)
                rhythm.Forget(at);
        });
    }

    /// <summary>Forgets by the newest look of all, so that a clock that is wrong for a while forgets nothing.</summary>
    private void Sweep()
    {
        if (_known.Count == 0)
            return;
        long now = Math.Min(Now, _known.Values.Max(r => r.Last));
        foreach ((string Host, string Detector) key in _known.Where(k => now - k.Value.Last > Forget).Select(k => k.Key).ToList())
        {
            _known.Remove(key);
            _gone.Enqueue(new SourcePosition(Source, TextOf(key.Host, key.Detector), null));
        }
    }

    private long Now => time.GetUtcNow().ToUnixTimeSeconds();

    private static string TextOf(string host, string detector) => JsonSerializer.Serialize<string[]>([host, detector]);

    private static (string Host, string Detector)? KeyOf(string text)
    {
        try
        {
            return JsonSerializer.Deserialize<string[]>(text) is [{ } host, { } detector] ? (host, detector) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
