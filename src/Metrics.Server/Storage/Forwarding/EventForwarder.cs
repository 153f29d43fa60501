using System.Globalization;
using Metrics.Formats.Forward;
using Metrics.Model;
using Metrics.Scheduling;
using Metrics.Storage.Events;
using Metrics.Storage.Samples.Influx;

namespace Metrics.Storage.Forwarding;

/// <summary>
/// Sends a node's events to its centre, in their order, each once. The event log is the queue, and the centre knows how far it has them: it
/// is asked at the start and after each failure, so that nothing here can be lost or wrong. A request without events, each few seconds, is
/// the sign of life.
/// </summary>
internal sealed partial class EventForwarder(
    ForwardOptions options, EventLog events, ForwardLink link, ForwardMetrics metrics, TimeProvider time, ILogger<EventForwarder> log,
    SampleForwarder? samples = null)
    : BackgroundService
{
    /// <summary>Longest time without a request.</summary>
    private static readonly TimeSpan s_heartbeat = TimeSpan.FromSeconds(15);

    /// <summary>How long events gather before they are sent.</summary>
    private static readonly TimeSpan s_gather = TimeSpan.FromMilliseconds(250);

    private readonly ForwardClient _client = new(options, metrics, time);
    private readonly ForwardBatch _batch = new();
    private readonly string _centre = Configuration.ShownUrl.Of(options.Url);
    private readonly ForwardLosses _losses = new(Configuration.ShownUrl.Of(options.Url), metrics, time, log);

    /// <summary>The newest event that the centre has; null where it has to be asked.</summary>
    private long? _after;

    /// <summary>What it had when it was known last.</summary>
    private long _had;

    /// <summary>The oldest event that is not sent; 0 where none waits, or none is known.</summary>
    private long _oldest;

    /// <summary>An event that the centre does not take even alone, and that is given up.</summary>
    private long _givenUp;

    /// <summary>One that it has refused alone once.</summary>
    private long _doubted;

    private string _log = "";
    private int _failures;

    public override void Dispose()
    {
        _client.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        metrics.Up.WithLabels(_centre).Set(0);
        metrics.BeforeCollect(() =>
        {
            metrics.Lag.WithLabels("events").Set(EventLag());
            metrics.Lag.WithLabels("samples").Set(samples?.Lag() ?? 0);
        });
        while (!stoppingToken.IsCancellationRequested)
            await metrics.Faults.GuardAsync("forward", () => RunAsync(stoppingToken), time, stoppingToken);
    }

    private async Task RunAsync(CancellationToken ct)
    {
        while (!ct.IsCancellationRequested)
        {
            Task commit = events.NextCommit;
            ForwardReply reply = await SendAsync(ct);
            if (Note(reply))
                await WaitAsync(commit, ct);
            else
                await Task.Delay(InfluxSender.PauseAfter(_failures, reply.RetryAfter), time, ct);
        }
    }

    private async Task<ForwardReply> SendAsync(CancellationToken ct)
    {
        _batch.Clear();
        long lostTo = 0;
        try
        {
            await IdentifyAsync(ct);
            if (options.Events && _after is { } after)
            {
                await _batch.ReadAsync(events, Math.Max(after, _givenUp), ct);
                _oldest = _batch.Ids.First;
                // Where the centre has none of this log yet, what went before is not missing to it.
                lostTo = Math.Max(after > 0 ? _batch.Expired : 0, _givenUp);
                if (after > 0)
                    _losses.Expired(after, _batch.Expired);
            }
            else if (options.Events && _oldest == 0 && events.LastId > _had)
            {
                await FindOldestAsync(ct);
            }
        }
        catch (StoreException e)
        {
            return new ForwardReply(0, null, e.Message, null);
        }
        var header = new ForwardHeader(options.Node, _log, link.Session)
        {
            EventLag = EventLag(), SampleLag = samples?.Lag() ?? 0, LostTo = lostTo,
        };
        return await _client.SendAsync(_batch.ToLines(header), ct);
    }

    /// <summary>Takes note of what came of a request.</summary>
    /// <returns>Whether it was taken.</returns>
    private bool Note(ForwardReply reply)
    {
        bool isCircle = reply.Taken is { } answer && link.IsBreaking(answer.Chain ?? []);
        if (reply.Taken is { } taken && !isCircle)
        {
            NoteTaken(taken);
            return true;
        }
        string reason = isCircle ? "it forwards to this metricsd again, so that all would go round for ever" : reply.Reason;
        metrics.Up.WithLabels(_centre).Set(0);
        _after = null;
        link.Fail(reason, isClosed: isCircle || reply.Status == StatusCodes.Status409Conflict);
        if (_batch.Count > 0)
            Shrink(reply);
        if (++_failures == 1)
            LogFailing(_centre, reason);
        return false;
    }

    private void NoteTaken(ForwardAnswer taken)
    {
        // Where it was only asked, whether it takes what waits is not known yet.
        bool isProven = _batch.Count > 0 || !options.Events || events.LastId <= taken.After;
        link.Succeed(taken.Chain ?? [], isProven);
        if (isProven)
        {
            metrics.Up.WithLabels(_centre).Set(1);
            if (_failures > 0)
                LogWorking(_centre);
            _failures = 0;
        }
        if (_batch.Count > 0)
        {
            metrics.EventsSent.Inc(Math.Max(0, _batch.Count - taken.Refused));
            _losses.Refused(taken.Refused);
            _batch.Grow();
        }
        (_after, _had) = (taken.After, taken.After);
        if (isProven && !_batch.IsFull)
            _oldest = 0;
    }

    /// <summary>
    /// Where the centre will never take the batch as it is, smaller ones come next, and an event that is the cause is given up.
    /// </summary>
    private void Shrink(ForwardReply reply)
    {
        bool isTooLarge = reply.Status == StatusCodes.Status413PayloadTooLarge;
        if (!isTooLarge && reply.Status != StatusCodes.Status400BadRequest)
            return;
        if (_batch.Count == 1)
            Doubt(_batch.Ids.Last, isTooLarge ? "too_large" : "invalid", reply.Reason);
        if (isTooLarge)
            _batch.ShrinkBytes();
        else
            _batch.ShrinkRows();
    }

    /// <summary>Gives up an event that is refused alone a second time: once may be the way there.</summary>
    private void Doubt(long id, string reason, string said)
    {
        if (_doubted == id)
        {
            _givenUp = id;
            _losses.GivenUp(reason, id, said);
        }
        _doubted = id;
    }

    /// <summary>Waits for more events, or until the next sign of life is due; not where more is there already.</summary>
    private async Task WaitAsync(Task commit, CancellationToken ct)
    {
        if (_batch.IsFull || (options.Events && _batch.Count == 0 && events.LastId > _after))
            return;
        if (!options.Events)
        {
            await Task.Delay(s_heartbeat, time, ct);
            return;
        }
        await Task.Delay(s_gather, time, ct);
        await commit.WaitAsync(s_heartbeat - s_gather, time, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>
    /// Finds the name of the event log, which lies in it, so that it is another where the log is; one that was set aside while it was used
    /// is noticed in that what the centre has is neither there nor has gone for its age.
    /// </summary>
    private async Task IdentifyAsync(CancellationToken ct)
    {
        bool isAnother = _after > 0 && events.FirstId > _after && events.LastExpired < _after;
        if (_log.Length > 0 && !isAnother)
            return;
        string known = await EventLogName.GetAsync(events, ct);
        if (known != _log)
            (_log, _after, _had, _oldest, _givenUp) = (known, null, 0, 0, 0);
    }

    private async Task FindOldestAsync(CancellationToken ct)
    {
        await foreach (EventBatch batch in events.ReadAsync(new EventQuery { After = _had, Limit = 1 }, ct))
        {
            using (batch)
                _oldest = batch.Count > 0 ? batch.Ids[0] : _oldest;
        }
    }

    private double EventLag() =>
        _oldest == 0 ? 0 : Math.Max(0, (time.GetUtcNow().ToUnixTimeMilliseconds() - EventIds.ToMilliseconds(_oldest)) / 1000.0);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Forwarding to {Centre} fails, and is tried again; what comes in waits: {Reason}")]
    private partial void LogFailing(string centre, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Forwarding to {Centre} works again")]
    private partial void LogWorking(string centre);
}
