using Metrics.Intake;
using Metrics.Model;
using Metrics.Telemetry;

namespace Metrics.Pollers;

/// <summary>
/// The frame around every poller: timeout, duration, <c>up</c>, stale markers, back-off, counters and one log line a change.
/// </summary>
internal sealed partial class PollRunner(
    IntakePipeline intake, PollMetrics metrics, MemoryBudget memory, TimeProvider time, ILogger<PollRunner> log)
{
    /// <summary>The longest pause between two tries of a failing target, unless its interval is longer.</summary>
    private static readonly TimeSpan s_longestPause = TimeSpan.FromMinutes(1);

    private static readonly Metric s_up = Metric.Gauge("up", "1 if the target could be polled, 0 if not.");
    private static readonly Metric s_duration = Metric.Gauge("scrape_duration_seconds", "How long the poll took.");
    private static readonly Metric s_samples = Metric.Gauge("scrape_samples_scraped", "Samples that the target gave.");
    private static readonly Metric s_kept = Metric.Gauge("scrape_samples_post_metric_relabeling", "Samples that were kept.");
    private static readonly Metric s_added = Metric.Gauge("scrape_series_added", "Series that were new in this poll.");

    /// <summary>Polls a target once; a target that is backed off gives only <c>up 0</c>. Never throws for the target's faults.</summary>
    public async Task RunAsync(PollTarget target, CancellationToken ct)
    {
        DateTimeOffset start = time.GetUtcNow();
        long started = time.GetTimestamp();
        var batch = new SampleBatch(target.Key, Math.Max(64, target.Status.Samples + 16));
        var sink = new SampleSink(target.Series, batch, start.ToUnixTimeMilliseconds(), HasRoomFor);
        target.Series.Begin();
        string? error;
        int kept = 0;
        if (target.IsBackedOff(start))
        {
            metrics.Skipped.WithLabels("backoff").Inc();
            error = target.Status.Error;
        }
        else
        {
            error = await PollAsync(target, sink, ct);
            if (error is not null)
                batch.Keep(new bool[batch.Count]);
            kept = batch.Count;
            memory.NoteRefused(sink.NoRoom);
            Note(target, start, time.GetElapsedTime(started), kept, error);
        }
        target.Series.End(batch, sink.Time, error is not null);
        AddReport(target, sink, time.GetElapsedTime(started).TotalSeconds, kept, error is null);
        await intake.WriteAsync(batch, ct);
    }

    private bool HasRoomFor(Labels stored) => memory.HasRoom() || intake.IsKnown(stored);

    /// <summary>Ends all series of a target that is no longer polled.</summary>
    public async Task RetireAsync(PollTarget target, CancellationToken ct)
    {
        var batch = new SampleBatch(target.Key);
        long now = time.GetUtcNow().ToUnixTimeMilliseconds();
        foreach (Labels ended in target.Series.Live())
            batch.Add(ended, now, StaleMarker.Value);
        foreach (Metric metric in new[] { s_up, s_duration, s_samples, s_kept, s_added })
            batch.Add(Report(target, metric), now, StaleMarker.Value);
        await intake.WriteAsync(batch, ct);
    }

    private async Task<string?> PollAsync(PollTarget target, SampleSink sink, CancellationToken ct)
    {
        using var timeout = new CancellationTokenSource(target.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, ct);
        try
        {
            await target.Poller.PollAsync(sink, either.Token);
            return null;
        }
        catch (Exception) when (timeout.IsCancellationRequested && !ct.IsCancellationRequested)
        {
            return $"no complete answer within {Duration.Format(target.Timeout)}";
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            return e.InnerException is { } inner && e is HttpRequestException ? $"{e.Message} ({inner.Message})" : e.Message;
        }
    }

    /// <summary>
    /// The pause of a failing target: one interval for the first two failures, then doubling up to a minute, or its interval if longer.
    /// </summary>
    internal static TimeSpan PauseAfter(int failures, TimeSpan interval) =>
        new Backoff(interval, interval > s_longestPause ? interval : s_longestPause).After(Math.Max(1, failures - 1));

    private void Note(PollTarget target, DateTimeOffset start, TimeSpan duration, int samples, string? error)
    {
        TargetStatus before = target.Status;
        int failures = error is null ? 0 : before.Failures + 1;
        DateTimeOffset? notBefore = failures > 2 ? start + PauseAfter(failures, target.Interval) - (target.Interval / 10) : null;
        target.Status = new TargetStatus(
            error is null ? TargetHealth.Up : TargetHealth.Down, start, duration, error is null ? samples : 0, error, failures, notBefore);
        metrics.Polls.WithLabels(target.Job, error is null ? "success" : "failure").Inc();
        metrics.Seconds.WithLabels(target.Job).Observe(duration.TotalSeconds);
        LogPolled(target.Key, duration.TotalMilliseconds, samples, error ?? "");
        if (error is not null && before.Health != TargetHealth.Down)
            LogDown(target.Key, error);
        else if (error is null && before.Health == TargetHealth.Down)
            LogUp(target.Key);
    }

    private static void AddReport(PollTarget target, SampleSink sink, double seconds, int samples, bool up)
    {
        (SampleBatch batch, long at) = (sink.Batch, sink.Time);
        int kept = up ? samples : sink.Kept ?? 0;
        int added = up ? target.Series.Added : 0;
        int given = sink.Given ?? kept;
        batch.Add(Report(target, s_up), at, up ? 1 : 0);
        batch.Add(Report(target, s_duration), at, seconds);
        batch.Add(Report(target, s_samples), at, given);
        batch.Add(Report(target, s_kept), at, kept);
        batch.Add(Report(target, s_added), at, added);
        if (target.Series.IsNewMetric(s_up.Name))
        {
            foreach (Metric metric in new[] { s_up, s_duration, s_samples, s_kept, s_added })
                batch.Describe(metric.Name, metric.Metadata);
        }
    }

    private static Labels Report(PollTarget target, Metric metric) => target.Reports.GetOrAdd(
        metric.Name, static (name, t) =>
            (t.Part is null ? t.Labels : t.Labels.With("collection", t.Part)).With(Labels.MetricName, name), target);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Polled {Target} in {Milliseconds:F1} ms: {Samples} samples {Error}")]
    private partial void LogPolled(string target, double milliseconds, int samples, string error);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Target} is down: {Error}")]
    private partial void LogDown(string target, string error);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Target} is up again")]
    private partial void LogUp(string target);
}
