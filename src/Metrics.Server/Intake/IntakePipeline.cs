using System.Threading.Channels;
using Metrics.Configuration;
using Metrics.Intake.Marks;
using Metrics.Intake.Templates;
using Metrics.Model;
using Metrics.Series;
using Metrics.Storage;
using Metrics.Storage.Events;

namespace Metrics.Intake;

/// <summary>
/// The one way in, for samples and for events: a bound of batches, in which each of the two lanes has its own places, then the stages in
/// their order: head · event log · secrets masked · origins · places · marks · kinds of lines · counts of lines · rules · what is kept ·
/// store. When the places of a lane are taken its producers wait (back-pressure): pollers poll later, pushers are answered later, the other
/// lane goes on. Stops after all producers: what is queued is still taken.
/// </summary>
internal sealed class IntakePipeline : BackgroundService
{
    /// <summary>Places of both lanes together.</summary>
    internal const int QueueCapacity = 256;

    /// <summary>Those of events, whose batches are larger.</summary>
    internal const int EventCapacity = 64;

    private readonly Head _head;
    private readonly IntakeMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly StoreWriter _sampleWriter;
    private readonly EventLogWriter _eventWriter;
    private readonly TemplateStage _templates;
    private readonly ArrivalStage _arrivals = new();
    private readonly KeepStage _keep;
    private readonly IReadOnlyList<IIntakeStage> _stages;
    private readonly Channel<SampleWork> _samples = NewLane<SampleWork>(QueueCapacity - EventCapacity);
    private readonly Channel<EventWork> _events = NewLane<EventWork>(EventCapacity);

    /// <summary>What is between the stages, for the ledger.</summary>
    private volatile SampleBatch? _takingSamples;
    private volatile EventBatch? _takingEvents;

    public IntakePipeline(
        Head head, IEventLog log, StoreWriter samples, EventLogWriter events, MetadataTable metadata, LogCounts counts,
        MarkStage marks, TemplateStage templates, Current<EventLogOptions> stored, IntakeMetrics metrics, TimeProvider time,
        PlaceStage? places = null)
    {
        (_head, _metrics, _time) = (head, metrics, time);
        (_sampleWriter, _eventWriter, _templates) = (samples, events, templates);
        _keep = new KeepStage(stored, metrics);
        _stages =
        [
            new HeadStage(head, metadata, metrics, time),
            new EventLogStage(log, metrics, time),
            new RedactStage(stored, metrics),
            new OriginStage(stored, metrics),
            .. places is null ? (IIntakeStage[])[] : [places],
            marks,
            templates,
            counts,
            _arrivals,
            _keep,
            new StoreStage(samples, events),
        ];
    }

    /// <summary>Calls back for each batch of samples once it is in the head, before it is handed on. Register before the start.</summary>
    public void OnArrival(Action<SampleBatch> callback) => _arrivals.Add(callback);

    /// <summary>Calls back for each batch of events once they have their ids, before it is handed on. Register before the start.</summary>
    public void OnArrival(Action<EventBatch> callback) => _arrivals.Add(callback);

    /// <summary>Whether a series is in the head now.</summary>
    public bool IsKnown(Labels series) => _head.Contains(series);

    /// <summary>Hands samples over; returns when they are queued. The pipeline disposes the batch.</summary>
    public ValueTask WriteAsync(SampleBatch batch, CancellationToken ct) =>
        _samples.Writer.WriteAsync(new SampleWork(batch, null, null), ct);

    /// <summary>Hands events over; returns when they are queued. The pipeline disposes the batch.</summary>
    public ValueTask WriteAsync(EventBatch batch, CancellationToken ct) => _events.Writer.WriteAsync(new EventWork(batch, null), ct);

    /// <summary>Hands samples over; returns when the store has committed or spooled them.</summary>
    /// <exception cref="StoreException">The store could not take them.</exception>
    public async Task<AppendResult> CommitAsync(SampleBatch batch, CancellationToken ct)
    {
        var appended = new TaskCompletionSource<AppendResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        var committed = new CommitSource();
        await _samples.Writer.WriteAsync(new SampleWork(batch, appended, committed), ct);
        await committed.Task.WaitAsync(ct);
        return await appended.Task;
    }

    /// <summary>Hands events over; returns when the event log has committed them to disk.</summary>
    /// <exception cref="StoreException">
    /// The event log could not take them; a <see cref="StoreFullException"/> means: come again later.
    /// </exception>
    public async Task CommitAsync(EventBatch batch, CancellationToken ct) => await await SubmitAsync(batch, null, ct);

    /// <summary>
    /// Hands events over; returns when they are queued, with what ends as <see cref="CommitAsync(EventBatch, CancellationToken)"/> does.
    /// </summary>
    /// <param name="batch">The events.</param>
    /// <param name="order">In which order they are stored; null where that is of no matter.</param>
    /// <param name="ct">Ends the waiting.</param>
    public async ValueTask<Task> SubmitAsync(EventBatch batch, CommitOrder? order, CancellationToken ct)
    {
        var committed = new CommitSource(order);
        await _events.Writer.WriteAsync(new EventWork(batch, committed), ct);
        return committed.Task.WaitAsync(ct);
    }

    /// <summary>Returns when the events that were handed over before are in the event log, or are lost and counted.</summary>
    public async Task SettleEventsAsync(CancellationToken ct)
    {
        // An empty batch goes the way that all before it have gone.
        var passed = new CommitSource();
        await _events.Writer.WriteAsync(new EventWork(new EventBatch("settle"), passed), ct);
        await passed.Task.WaitAsync(ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        ct.ThrowIfCancellationRequested();
        await _eventWriter.WaitForWrittenAsync(ct);
    }

    /// <summary>When the newest event was that the event log was not to keep, milliseconds since 1970 UTC.</summary>
    /// <param name="kinds">Of which kinds; null is any.</param>
    public long NewestNotKept(IReadOnlySet<string>? kinds) => _keep.NewestTakenOut(kinds);

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        _samples.Writer.TryComplete();
        _events.Writer.TryComplete();
        if (ExecuteTask is { } running)
            await running.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        _metrics.QueueCapacity.Set(QueueCapacity);
        _metrics.BeforeCollect(() =>
        {
            _metrics.Queue.WithLabels("samples").Set(_samples.Reader.Count);
            _metrics.Queue.WithLabels("events").Set(_events.Reader.Count);
            _metrics.HeadSeries.Set(_head.SeriesCount);
            foreach ((string source, _, long refused) in _head.Sources)
            {
                if (refused > 0)
                    _metrics.SeriesRefused.WithLabels(source).Set(refused);
            }
        });
        _metrics.Ledger.Open("samples", MissingSamples);
        _metrics.Ledger.Open("events", MissingEvents);
        await Task.WhenAll(RunSamplesAsync(), RunEventsAsync());
    }

    private double MissingSamples()
    {
        double accounted = _sampleWriter.Accounted + _metrics.Lost.WithLabels("samples").Value + (_takingSamples?.Count ?? 0)
            + HeadStage.Removing.Sum(r => _metrics.SamplesNotAppended.WithLabels(r).Value);
        return _metrics.SamplesReceived.Value - accounted;
    }

    private double MissingEvents()
    {
        double accounted = _eventWriter.Accounted + _metrics.Lost.WithLabels("events").Value + (_takingEvents?.Count ?? 0)
            + KeepStage.Reasons.Sum(r => _metrics.EventsNotStored.WithLabels(r).Value);
        return _metrics.EventsReceived.Value - accounted;
    }

    // Neither lane heeds the stopping token: what was accepted is taken to its end.
    private async Task RunSamplesAsync()
    {
        await foreach (SampleWork work in _samples.Reader.ReadAllAsync(CancellationToken.None))
            TakeAll(work);
    }

    /// <summary>A batch at which a stage fails is lost, counted, and whoever waits for it hears of it; the next one is another.</summary>
    private void TakeAll(SampleWork work)
    {
        _takingSamples = work.Batch;
        try
        {
            foreach (IIntakeStage stage in _stages)
                stage.Take(work);
        }
        catch (Exception e)
        {
            Lose(e, "samples", work.Batch.Count);
            work.Appended?.TrySetResult(default);
            work.Committed?.Fail(new StoreException("the batch met a fault of metricsd; see its log", e));
        }
        _takingSamples = null;
    }

    private void Lose(Exception e, string lane, int rows)
    {
        _metrics.Faults.Note("intake", e, _time);
        _metrics.Lost.WithLabels(lane).Inc(rows);
    }

    private async Task RunEventsAsync()
    {
        await foreach (EventWork work in _events.Reader.ReadAllAsync(CancellationToken.None))
        {
            _takingEvents = work.Batch;
            try
            {
                foreach (IIntakeStage stage in _stages)
                    await stage.TakeAsync(work);
            }
            catch (Exception e)
            {
                Lose(e, "events", work.Batch.Count);
                work.Committed?.Fail(new StoreException("the batch met a fault of metricsd; see its log", e));
            }
            _takingEvents = null;
        }
        if (_templates.TakeUnsaved() is { } unsaved)
            _eventWriter.Add(unsaved, null);
    }

    private static Channel<T> NewLane<T>(int capacity) => Channel.CreateBounded<T>(
        new BoundedChannelOptions(capacity) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });
}
