using System.Collections.Frozen;
using Metrics.Configuration;
using Metrics.Model;
using Metrics.Storage;
using Metrics.Storage.Events;

namespace Metrics.Intake.Marks;

/// <summary>
/// Has events of services and hosts, and log-ins, say what no line can: what of them was never seen before, that they were planned, that
/// they came outside working hours. Rules and people ask for it as for any other field.
/// </summary>
/// <remarks>What was learned is stored in the commit of the event that taught it: after kill -9 both are there, or neither.</remarks>
internal sealed class MarkStage(
    Current<EventLogOptions> options, Current<EventCalendar> calendar, IntakeMetrics intake, MarkMetrics metrics, TimeProvider time)
    : IIntakeStage
{
    /// <summary>What is forgotten goes from the store in parts, so that no commit is held up.</summary>
    private const int MaxGone = 256;

    private static readonly FrozenDictionary<string, First[]> s_firsts =
        First.All.GroupBy(f => f.Kind).ToFrozenDictionary(g => g.Key, g => g.ToArray());

    /// <summary>What people do by plan, or do not.</summary>
    private static readonly FrozenSet<string> s_plannable = new[]
    {
        EventKinds.ServiceStart, EventKinds.ServiceStop, EventKinds.ServiceCrash, EventKinds.HostLogin, EventKinds.HostSudo,
        EventKinds.HostReboot, EventKinds.HostPackage, EventKinds.HostAccount, EventKinds.ConfigChanged, EventKinds.IntegrityChanged,
        EventKinds.NetworkLink, EventKinds.NetworkBridge, EventKinds.FirewallChanged, EventKinds.ResourceCreated,
        EventKinds.ResourceUpdated, EventKinds.ResourceDeleted,
    }.ToFrozenSet();

    private static readonly FrozenSet<string> s_logins =
        new[] { EventKinds.HostLogin, EventKinds.HostSudo, EventKinds.IdentityAuthenticate }.ToFrozenSet();

    private readonly Lock _lock = new();
    private readonly FirstSeen _seen = new();
    private readonly Travels _travels = new();
    private readonly Queue<SourcePosition> _gone = [];

    /// <summary>Learns what was stored before the last end.</summary>
    public void Load(IReadOnlyList<SourcePosition> stored)
    {
        lock (_lock)
        {
            foreach (SourcePosition useless in _seen.Load(stored))
                _gone.Enqueue(useless);
            metrics.Known.Set(_seen.Count);
        }
    }

    public ValueTask TakeAsync(EventWork work)
    {
        lock (_lock)
            intake.Faults.Guard("marks", () => Mark(work), time);
        return ValueTask.CompletedTask;
    }

    private void Mark(EventWork work)
    {
        EventBatch batch = work.Batch;
        (FirstSeenOptions first, EventCalendar dates) = (options.Value.FirstSeen, calendar.Value);
        // A node has said of its events what was the first there.
        bool looksForFirst = first.IsEnabled && !batch.IsForwarded;
        var changed = new List<FirstChange>();
        var marks = new List<RowField>();
        if (looksForFirst)
            Hear(batch, changed);
        for (int row = 0; row < batch.Count; row++)
        {
            string kind = batch.Kinds[row];
            if (LogLine.IsPlain(batch, row))
                continue;
            if (looksForFirst && kind == EventKinds.IdentityAuthenticate && !IsFailure(batch, row))
                MarkTravel(batch, row, first, marks);
            if (looksForFirst && s_firsts.TryGetValue(kind, out First[]? asked) && !IsFailure(batch, row))
                MarkFirst(batch, row, asked, first, changed, marks);
            if (dates.Planned.Count > 0 && s_plannable.Contains(kind))
                Mark(batch, row, EventFields.Planned, dates.PlannedBy(batch, row, DateOf(batch, row)), marks);
            bool isLogin = dates.IsWorkingHour is not null && s_logins.Contains(kind) && !IsFailure(batch, row);
            if (isLogin && dates.IsOutside(DateOf(batch, row)))
                Mark(batch, row, EventFields.Outside, EventCalendar.WorkingHours, marks);
        }
        batch.AddFields(marks);
        Save(work, changed, first);
    }

    /// <summary>Notes which hosts are heard; a storm of one host is heard once.</summary>
    private void Hear(EventBatch batch, List<FirstChange> changed)
    {
        var heard = new Dictionary<(string Family, string Host), (long First, long Last)>();
        for (int row = 0; row < batch.Count; row++)
        {
            Note(First.FamilyOf(batch, row), row);
            Note(First.CountriesOf(batch, row), row);
            Note(First.ProxiedOf(batch, row), row);
        }
        foreach (((string family, string host), (long first, long last)) in heard)
            _seen.Hear(family, host, first, last, changed);

        void Note(string? family, int row)
        {
            if (family is null)
                return;
            (string, string) key = (family, batch.Find(row, EventFields.Host) ?? "");
            long at = batch.MomentOf(row);
            heard[key] = heard.TryGetValue(key, out (long First, long Last) span)
                ? (Math.Min(span.First, at), Math.Max(span.Last, at)) : (at, at);
        }
    }

    /// <summary>Who works from two places all the time is known in both: only a network that is new to the account is told.</summary>
    private void MarkTravel(EventBatch batch, int row, FirstSeenOptions first, List<RowField> marks)
    {
        First origin = First.OriginOf(batch, row);
        if (batch.Find(row, EventFields.SourceCountry) is not { } country
            || (batch.Find(row, EventFields.UserId) ?? batch.Find(row, EventFields.UserName)) is not { } user
            || origin.Read(batch, row) is not var (scope, values))
        {
            return;
        }
        long at = batch.MomentOf(row);
        string account = $"{batch.Find(row, EventFields.UserDomain)}/{user}";
        bool isImpossible = _travels.IsImpossible(account, at, country, batch.Find(row, EventFields.SourceLocation));
        if (isImpossible && !_seen.IsFamiliar(origin, scope, values, at, first))
            Mark(batch, row, EventFields.Travel, Travels.Impossible, marks);
    }

    private void Mark(EventBatch batch, int row, string field, string? value, List<RowField> marks)
    {
        if (value is null || batch.TryFind(row, field, out _))
            return;
        marks.Add(new RowField(row, field, value));
        metrics.Marked.WithLabels(field switch { EventFields.Planned => "planned", EventFields.Travel => "travel", _ => "outside" }).Inc();
    }

    private void MarkFirst(
        EventBatch batch, int row, First[] asked, FirstSeenOptions first, List<FirstChange> changed, List<RowField> marks)
    {
        string words = "";
        foreach (First what in asked)
        {
            if (what.Read(batch, row) is not var (scope, values))
                continue;
            Sight sight = _seen.Note(what, scope, values, batch.MomentOf(row), first, changed);
            if (sight == Sight.NoRoom)
                metrics.NotLearned.Inc();
            if (sight != Sight.First)
                continue;
            metrics.First.WithLabels(what.Word).Inc();
            words = words.Length == 0 ? what.Word : $"{words},{what.Word}";
        }
        if (words.Length > 0)
            marks.Add(new RowField(row, EventFields.First, words));
    }

    private void Save(EventWork work, List<FirstChange> changed, FirstSeenOptions first)
    {
        foreach (string key in _seen.Sweep(time.GetUtcNow().ToUnixTimeMilliseconds() * 1_000_000, first))
            _gone.Enqueue(new SourcePosition(FirstChange.Source, key, null));
        // What is forgotten may be seen again before its turn comes, or in this batch: then what is new of it is stored behind.
        for (int n = 0; n < MaxGone && _gone.TryDequeue(out SourcePosition? gone); n++)
        {
            if (!_seen.Knows(gone.Key))
                work.Batch.Add(gone);
        }
        if (changed.Count == 0)
            return;
        foreach (FirstChange change in changed)
            work.Batch.Add(change.Position);
        metrics.Known.Set(_seen.Count);
        work.Committed?.OnFailure(() =>
        {
            lock (_lock)
                _seen.Forget(changed);
        });
    }

    private static bool IsFailure(EventBatch batch, int row) =>
        batch.TryFind(row, EventFields.Outcome, out ReadOnlySpan<byte> outcome) && outcome.SequenceEqual("failure"u8);

    private static DateTimeOffset DateOf(EventBatch batch, int row) =>
        DateTimeOffset.UnixEpoch.AddTicks(batch.MomentOf(row) / TimeSpan.NanosecondsPerTick);
}
