using Metrics.Configuration;
using Metrics.Formats.Logs.Templates;
using Metrics.Model;
using Metrics.Storage;
using Metrics.Storage.Events;

namespace Metrics.Intake.Templates;

/// <summary>
/// Learns the kinds of lines of each source, and adds an event to the batch where one is new. What is new is stored in the commit of the
/// line that was: after kill -9 the line comes again and is new again, or neither.
/// </summary>
/// <remarks>Only lines that nobody has understood further: what a parser knows is known.</remarks>
internal sealed class TemplateStage(
    Current<EventLogOptions> options, IEventLog log, IntakeMetrics intake, TemplateMetrics metrics, TimeProvider time) : IIntakeStage
{
    private const string Room = "templates";

    /// <summary>Kinds whose counts are stored with one batch, so that no commit is held up by them.</summary>
    private const int MaxSaved = 256;

    /// <summary>How often the counts of known kinds are stored.</summary>
    private static readonly TimeSpan s_save = TimeSpan.FromMinutes(5);

    private readonly Lock _lock = new();
    private readonly LineTemplates _templates = new(metrics);
    private readonly List<NewKind> _new = [];
    private readonly byte[] _said = new byte[JsonLine.MaxLength];
    private readonly Queue<(TemplateSource Source, LineTemplate Template)> _toSave = [];
    private long _saved = time.GetTimestamp();

    /// <summary>Learns what was stored before the last end.</summary>
    public void Load(IReadOnlyList<SourcePosition> stored)
    {
        lock (_lock)
        {
            _templates.Load(stored);
            Measure();
        }
    }

    public ValueTask TakeAsync(EventWork work)
    {
        if (!work.Batch.IsForwarded && options.Value.Templates is { IsEnabled: true } bounds)
        {
            lock (_lock)
            {
                int count = work.Batch.Count;
                if (!intake.Faults.Guard(Room, () => Learn(work, bounds), time))
                    TakeBack(work.Batch, count);
            }
        }
        return ValueTask.CompletedTask;
    }

    /// <summary>What is not stored yet, at the end; null where all is.</summary>
    public EventBatch? TakeUnsaved()
    {
        lock (_lock)
        {
            var batch = new EventBatch(StoredTemplate.Source, 1);
            intake.Faults.Guard(Room, () => Save(
                batch, _templates.Sources.SelectMany(s => s.Tree.All.Where(t => t.IsChanged).Select(t => (s, t)))), time);
            return batch.Positions.Count > 0 ? batch : null;
        }
    }

    /// <summary>Calls with all sources, while nothing changes.</summary>
    public T Look<T>(Func<IReadOnlyCollection<TemplateSource>, T> look)
    {
        lock (_lock)
            return look(_templates.Sources);
    }

    private void Learn(EventWork work, TemplateOptions bounds)
    {
        EventBatch batch = work.Batch;
        int count = batch.Count;
        _new.Clear();
        for (int row = 0; row < count; row++)
        {
            if (LogLine.IsPlain(batch, row))
                Learn(batch, row, bounds);
        }
        foreach (NewKind one in _new.Where(n => n.IsReported))
            Report(batch, one);
        if (batch.Count > count)
        {
            // Nobody has seen the ids of the batch yet.
            log.Number(batch);
        }
        Save(batch, _new.OrderByDescending(n => n.IsReported).Take(MaxSaved).Select(n => (n.Source, n.Template)));
        SaveCounts(batch);
        if (_new.Count > 0)
        {
            Measure();
            Count(batch, count);
            if (work.Committed is { } committed)
                ForgetOnFailure(committed, [.. _new]);
        }
    }

    /// <summary>Counts what was added, once nothing more can fail.</summary>
    private void Count(EventBatch batch, int before)
    {
        int added = batch.Count - before;
        intake.EventsReceived.Inc(added);
        metrics.Reported.Inc(added);
        for (; added > 0; added--)
            batch.CountNote();
    }

    /// <summary>After a fault of ours the batch goes on as it came.</summary>
    private void TakeBack(EventBatch batch, int count)
    {
        while (batch.Count > count)
            batch.RemoveNewest();
        Forget(_new);
    }

    private void Learn(EventBatch batch, int row, TemplateOptions bounds)
    {
        (string host, string service) = ("", "");
        foreach (EventFieldText field in batch.FieldsOf(row))
        {
            if (field.Name == EventFields.Host)
                host = field.Value;
            else if (field.Name == EventFields.Service)
                service = field.Value;
        }
        ReadOnlySpan<byte> line = batch.MessageOf(row);
        byte severity = batch.Severities[row];
        // A line that is JSON holds its message somewhere, and much beside it that says nothing of its kind.
        if (JsonLine.Is(line))
        {
            line = JsonLine.Read(line, _said, out byte level);
            severity = level > 0 ? level : severity;
        }
        long now = batch.ObservedTimes[row];
        if (_templates.SourceOf(host, service, now) is not { } source)
        {
            metrics.NotLearned.Inc();
            return;
        }
        if (!_templates.Add(source, line, now, bounds, out LineTemplate? template))
            return;
        bool isReported = source.TryReport(now, (long)bounds.Learn.TotalNanoseconds, bounds.MaxNew, out string why);
        if (!isReported)
            metrics.NotReported.WithLabels(why).Inc();
        _new.Add(new NewKind(source, template!, row, severity, isReported));
    }

    private static void Report(EventBatch batch, NewKind one)
    {
        (string? level, string? path) = (batch.Value(one.Row, EventFields.Level), batch.Value(one.Row, EventFields.LogFilePath));
        batch.Add(batch.Times[one.Row], batch.ObservedTimes[one.Row], EventKinds.LogNewLine,
            one.Severity == 0 ? Severity.Info : one.Severity, $"A kind of line that was not seen before: {one.Template.Example}");
        batch.AddField(EventFields.Host, one.Source.Host);
        batch.AddField(EventFields.Service, one.Source.Service);
        batch.AddField(EventFields.Level, level);
        batch.AddField(EventFields.LogTemplate, LineMask.Show(one.Template.Masked));
        batch.AddField(EventFields.LogFilePath, path);
    }

    /// <summary>What could not be stored is no longer known: whoever sends it again is heard as for the first time.</summary>
    private void ForgetOnFailure(CommitSource committed, NewKind[] added) => committed.OnFailure(() =>
    {
        lock (_lock)
            Forget(added);
    });

    private void Forget(IEnumerable<NewKind> added)
    {
        foreach (NewKind one in added)
        {
            _templates.Remove(one.Source, one.Template, "not_stored");
            one.Source.IsChanged = true;
            if (one.IsReported)
                one.Source.TakeBack();
        }
    }

    private void SaveCounts(EventBatch batch)
    {
        if (_toSave.Count == 0 && time.GetElapsedTime(_saved) >= s_save)
        {
            _saved = time.GetTimestamp();
            _templates.Sweep(time.GetUtcNow().ToUnixTimeMilliseconds() * 1_000_000);
            foreach (TemplateSource source in _templates.Sources)
            {
                foreach (LineTemplate template in source.Tree.All.Where(t => t.IsChanged))
                    _toSave.Enqueue((source, template));
            }
            Measure();
        }
        Save(batch, TakeSome());

        IEnumerable<(TemplateSource, LineTemplate)> TakeSome()
        {
            for (int n = 0; n < MaxSaved && _toSave.TryDequeue(out (TemplateSource, LineTemplate) one); n++)
                yield return one;
        }
    }

    private void Save(EventBatch batch, IEnumerable<(TemplateSource Source, LineTemplate Template)> some)
    {
        // First of all: a source that was dropped may be there again.
        foreach (SourcePosition gone in _templates.Dropped)
            batch.Add(gone);
        _templates.Dropped.Clear();
        foreach ((TemplateSource source, LineTemplate template) in some)
        {
            if (template.IsGone || !template.IsChanged)
                continue;
            if (source.IsChanged)
            {
                batch.Add(StoredTemplateSource.Of(source));
                source.IsChanged = false;
            }
            batch.Add(StoredTemplate.Of(source, template));
            (template.IsChanged, template.IsStored) = (false, true);
        }
    }

    private void Measure()
    {
        metrics.Sources.Set(_templates.Sources.Count);
        metrics.Templates.Set(_templates.Count);
    }

    /// <summary>A kind that is new with a row of the batch.</summary>
    private readonly record struct NewKind(TemplateSource Source, LineTemplate Template, int Row, byte Severity, bool IsReported);
}
