using System.Globalization;
using Metrics.Model;

namespace Metrics.Rules.Conditions;

/// <summary>
/// When events do not count since others were there around them, or were not. Bounded, since outsiders choose the values: beyond its bound
/// what ends first is forgotten, and of that time nothing is excused. Not for use by two threads at once.
/// </summary>
/// <param name="all">The kinds of excuse.</param>
internal sealed class Excuses(IReadOnlyList<EventExcuse> all)
{
    /// <summary>Spans of time that are remembered.</summary>
    internal const int MaxSpans = 50_000;

    private static readonly (long From, long To) s_none = (long.MaxValue, long.MinValue);
    private readonly Dictionary<(int Kind, string Key), Spans> _byKey = [];

    /// <summary>Every key once, by when its first span is over.</summary>
    private readonly PriorityQueue<(int Kind, string Key), long> _expiry = new();
    private IReadOnlyList<EventExcuse> _kinds = all;
    private readonly RecentTimes _recent = new(MaxSpans);
    private int _spans;
    private long _until = long.MinValue;
    private long _forgotten = long.MinValue;

    /// <summary>From when to when those excuse that came since it was asked last; none while the end is before the beginning.</summary>
    private (long From, long To) _fresh = s_none;

    /// <summary>Whether there are kinds of excuse at all.</summary>
    public bool Exist => _kinds.Count > 0;

    /// <summary>Whether some excuse what nothing was before: that is known where all is known that was before.</summary>
    public bool NeedPast => _kinds.Any(k => k.IsAbsence);

    /// <summary>Whether some were forgotten that would be remembered yet.</summary>
    public bool AreTooMany => Forgotten > _until;

    private long Forgotten => Math.Max(_forgotten, _recent.Forgotten);

    /// <summary>Takes a row of a batch, if it excuses others.</summary>
    /// <returns>Whether it does.</returns>
    public bool Take(EventBatch batch, int row)
    {
        bool isOne = false;
        for (int i = 0; i < _kinds.Count; i++)
        {
            if (!_kinds[i].Events.IsMatch(batch, row))
                continue;
            isOne = true;
            if (KeyOf(batch, row, i, isTheirs: true) is { } key)
                Add((i, key), batch.MomentMillisecondsOf(row));
        }
        return isOne;
    }

    /// <summary>By what a row would be excused, one key a kind; null for a kind that cannot.</summary>
    public string?[]? KeysOf(EventBatch batch, int row)
    {
        if (_kinds.Count == 0)
            return null;
        var keys = new string?[_kinds.Count];
        for (int i = 0; i < keys.Length; i++)
            keys[i] = KeyOf(batch, row, i, isTheirs: false);
        return keys;
    }

    /// <summary>The same of an event.</summary>
    public string?[] KeysOf(Event one) => [.. _kinds.Select(k => KeyOf([.. k.By.Select(b => ValueOf(one, b.Mine))]))];

    /// <summary>Whether what happened at a moment is excused.</summary>
    public bool Cover(string?[] keys, long time)
    {
        for (int i = 0; i < keys.Length; i++)
        {
            bool isThere = keys[i] is { } key && _byKey.TryGetValue((i, key), out Spans? spans) && spans.Cover(time);
            if (_kinds[i].IsAbsence ? !isThere && time > Forgotten : isThere)
                return true;
        }
        return false;
    }

    /// <summary>From when to when those excuse that came since this was asked last; null where none came.</summary>
    public (long From, long To)? TakeFresh()
    {
        (long From, long To) fresh = _fresh;
        _fresh = s_none;
        return fresh.From <= fresh.To ? fresh : null;
    }

    /// <summary>Goes on by kinds that are the same, of a rule that was read again.</summary>
    public void GoOnFor(IReadOnlyList<EventExcuse> same) => _kinds = same;

    /// <summary>Forgets what excuses only events of that moment or before.</summary>
    public void Expire(long until)
    {
        _until = until;
        _recent.Expire(until);
        while (_expiry.TryPeek(out _, out long end) && end <= until)
            RemoveFirst();
    }

    private void Add((int Kind, string Key) key, long time)
    {
        EventExcuse kind = _kinds[key.Kind];
        long within = (long)kind.Within.TotalMilliseconds;
        long from = time - (long)kind.After.TotalMilliseconds, to = time + within;
        if (kind.FewerThan > 1)
        {
            // From the last of so many on they are there, until the first of them is too long ago.
            if (_recent.Add(key, time, kind.FewerThan, within) is not { } times)
                return;
            (from, to) = (times.Last, times.First + within);
        }
        if (to <= _until || to < from)
            return;
        if (!kind.IsAbsence)
            _fresh = (Math.Min(_fresh.From, from), Math.Max(_fresh.To, to));
        if (!_byKey.TryGetValue(key, out Spans? spans))
        {
            _byKey.Add(key, spans = new Spans());
            _expiry.Enqueue(key, to);
        }
        _spans += spans.Add(from, to);
        while (_spans > MaxSpans)
            _forgotten = Math.Max(_forgotten, RemoveFirst());
    }

    /// <summary>Removes what is over first, or finds that it goes on longer.</summary>
    /// <returns>When what was removed is over.</returns>
    private long RemoveFirst()
    {
        (int Kind, string Key) key = _expiry.Peek();
        Spans spans = _byKey[key];
        _expiry.TryPeek(out _, out long queued);
        if (spans.FirstEnd > queued)
        {
            _expiry.DequeueEnqueue(key, spans.FirstEnd);
            return long.MinValue;
        }
        long end = spans.FirstEnd;
        _spans--;
        if (spans.RemoveFirst())
        {
            _expiry.DequeueEnqueue(key, spans.FirstEnd);
        }
        else
        {
            _expiry.Dequeue();
            _byKey.Remove(key);
        }
        return end;
    }

    private string? KeyOf(EventBatch batch, int row, int kind, bool isTheirs)
    {
        IReadOnlyList<(string Mine, string Theirs)> by = _kinds[kind].By;
        var values = new string[by.Count];
        for (int i = 0; i < values.Length; i++)
            values[i] = batch.Value(row, isTheirs ? by[i].Theirs : by[i].Mine) ?? "";
        return KeyOf(values);
    }

    /// <summary>What lacks a field agrees with nothing.</summary>
    private static string? KeyOf(string[] values) =>
        Array.Exists(values, v => v.Length == 0) ? null : GroupKey.Short(GroupKey.Of(values));

    private static string ValueOf(Event one, string field) => field switch
    {
        EventFields.Kind => one.Kind,
        EventFields.Body => one.Body,
        EventFields.SeverityNumber => one.SeverityNumber.ToString(CultureInfo.InvariantCulture),
        _ => one[field] ?? "",
    };

    /// <summary>Spans of time in their order; none touches another.</summary>
    private sealed class Spans
    {
        private readonly List<(long From, long To)> _all = [];

        public long FirstEnd => _all[0].To;

        /// <summary>Adds one; gives how many more there are.</summary>
        public int Add(long from, long to)
        {
            int first = FirstEndingAtOrAfter(from), next = first;
            for (; next < _all.Count && _all[next].From <= to; next++)
                (from, to) = (Math.Min(from, _all[next].From), Math.Max(to, _all[next].To));
            _all.RemoveRange(first, next - first);
            _all.Insert(first, (from, to));
            return 1 - (next - first);
        }

        public bool Cover(long time) => FirstEndingAtOrAfter(time) is var at && at < _all.Count && _all[at].From <= time;

        /// <summary>Removes the first; false when none is left.</summary>
        public bool RemoveFirst()
        {
            _all.RemoveAt(0);
            return _all.Count > 0;
        }

        private int FirstEndingAtOrAfter(long time)
        {
            int low = 0, high = _all.Count;
            while (low < high)
            {
                int middle = (low + high) / 2;
                (low, high) = _all[middle].To < time ? (middle + 1, high) : (low, middle);
            }
            return low;
        }
    }
}
