using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Metrics.Model;
using Metrics.Storage.Events;

namespace Metrics.Intake.Marks;

/// <summary>
/// What was seen before, of all that <see cref="First.All"/> asks for, and since when each host is heard. Bounded: where there is no room
/// nothing more is learned, and what is not learned is never called new. Times are those of the events, so that old logs teach too. One
/// thread at a time.
/// </summary>
internal sealed class FirstSeen
{
    /// <summary>What is known at most: some 30 MB.</summary>
    public const int MaxKnown = 100_000;

    /// <summary>How many hosts and families of events are listened to at most.</summary>
    public const int MaxHeard = 20_000;

    /// <summary>What is longer stands as its digest in a key.</summary>
    private const int MaxPart = 200;

    /// <summary>That a host was heard is remembered so many times longer than what was seen there: a quiet one is not new.</summary>
    private const int HeardLonger = 4;

    private const string HeardPrefix = "of/";

    /// <summary>How far what is stored of when something was seen last may be behind.</summary>
    private const long Day = 86_400_000_000_000;

    /// <summary>How often it is looked for what is forgotten.</summary>
    private const long Hour = Day / 24;

    private readonly Dictionary<string, Seen> _known = new(StringComparer.Ordinal);

    /// <summary>How much is known of each share.</summary>
    private readonly Dictionary<string, int> _shares = new(StringComparer.Ordinal);

    /// <summary>When the last event was of which something was learned.</summary>
    private long _newest;
    private long _swept;

    /// <summary>How much is known.</summary>
    public int Count => _known.Count;

    /// <summary>Whether something is known, by its key.</summary>
    public bool Knows(string key) => _known.ContainsKey(key);

    /// <summary>Learns what was stored.</summary>
    /// <returns>What is of no use, and goes from there.</returns>
    public IReadOnlyList<SourcePosition> Load(IReadOnlyList<SourcePosition> stored)
    {
        List<SourcePosition> useless = [];
        foreach (SourcePosition position in stored)
        {
            if (position.Read<StoredFirst>() is { } first && first.Since <= first.Last && _known.Count < MaxKnown)
            {
                Put(position.Key, new Seen { Since = first.Since, Last = first.Last, Saved = first.Last });
                _newest = Math.Max(_newest, first.Last);
            }
            else
            {
                useless.Add(position with { State = null });
            }
        }
        return useless;
    }

    /// <summary>Notes that a host was heard, and all hosts with it.</summary>
    /// <param name="family">Of which events.</param>
    /// <param name="host">The host; empty where an event is of none.</param>
    /// <param name="first">When it was first, nanoseconds since 1970 UTC.</param>
    /// <param name="last">And last.</param>
    /// <param name="changed">Takes what is to be stored of it.</param>
    public void Hear(string family, string host, long first, long last, ICollection<FirstChange> changed)
    {
        foreach (string key in host.Length > 0 ? (string[])[HeardKey(family, ""), HeardKey(family, host)] : [HeardKey(family, "")])
        {
            if (!_known.ContainsKey(key) && (_known.Count >= MaxKnown || _shares.GetValueOrDefault(HeardPrefix) >= MaxHeard))
                continue;
            Touch(key, first, changed);
            Touch(key, last, changed);
        }
    }

    /// <summary>Notes that something was seen, where its host was heard (<see cref="Hear"/>).</summary>
    /// <param name="what">What it is.</param>
    /// <param name="scope">By what it is learned.</param>
    /// <param name="values">What must be new.</param>
    /// <param name="at">When it was, nanoseconds since 1970 UTC.</param>
    /// <param name="options">How long is learned.</param>
    /// <param name="changed">Takes what is to be stored of it.</param>
    public Sight Note(First what, string scope, string[] values, long at, FirstSeenOptions options, ICollection<FirstChange> changed)
    {
        string key = KeyOf(what, scope, values);
        bool isKnown = _known.TryGetValue(key, out Seen? seen);
        if (!_known.TryGetValue(HeardKey(what.Family, scope), out Seen? heard)
            || (!isKnown && (_known.Count >= MaxKnown || _shares.GetValueOrDefault(ShareOf(key)) >= what.MaxKnown)))
            return Sight.NoRoom;
        bool isNew = !isKnown || at - seen!.Last > (long)options.Forget.TotalNanoseconds;
        Touch(key, at, changed);
        return isNew && at - heard.Since >= (long)options.Learn.TotalNanoseconds ? Sight.First
            : isNew ? Sight.Learned : Sight.Known;
    }

    /// <summary>Whether something was first seen longer ago than is learned, or nobody can know; asked before it is noted.</summary>
    /// <param name="what">What it is.</param>
    /// <param name="scope">By what it is learned.</param>
    /// <param name="values">What must be known.</param>
    /// <param name="at">When it is, nanoseconds since 1970 UTC.</param>
    /// <param name="options">How long is learned.</param>
    public bool IsFamiliar(First what, string scope, string[] values, long at, FirstSeenOptions options)
    {
        long learn = (long)options.Learn.TotalNanoseconds;
        if (!_known.TryGetValue(HeardKey(what.Family, scope), out Seen? heard) || at - heard.Since < learn)
            return true;
        string key = KeyOf(what, scope, values);
        // What there is no room to learn may have been seen for years.
        if (!_known.TryGetValue(key, out Seen? seen))
            return _known.Count >= MaxKnown || _shares.GetValueOrDefault(ShareOf(key)) >= what.MaxKnown;
        // What was seen while it was learned is as usual as what is.
        return seen.Since < Math.Max(at - learn, heard.Since + learn);
    }

    /// <summary>Takes back what was noted, since it could not be stored: it comes again.</summary>
    public void Forget(IEnumerable<FirstChange> changes)
    {
        foreach (FirstChange change in changes.Where(c => c.IsNew))
            Remove(change.Key);
    }

    /// <summary>
    /// Forgets what was not seen for long; at most once an hour. Both the clock and the newest event must say that it is so long: a clock
    /// may go wrong, logs may be old, and an event may have come while the clock was wrong.
    /// </summary>
    /// <param name="clock">What the clock says, nanoseconds since 1970 UTC.</param>
    /// <param name="options">When it is long.</param>
    /// <returns>The keys.</returns>
    public IReadOnlyList<string> Sweep(long clock, FirstSeenOptions options)
    {
        long now = Math.Min(clock, _newest);
        if (now >= _swept && now - _swept < Hour)
            return [];
        _swept = now;
        long forget = (long)options.Forget.TotalNanoseconds;
        List<string> old = [.. _known.Where(k => now - k.Value.Last > forget * (IsHeard(k.Key) ? HeardLonger : 1)).Select(k => k.Key)];
        old.ForEach(Remove);
        return old;
    }

    private static bool IsHeard(string key) => key.StartsWith(HeardPrefix, StringComparison.Ordinal);

    /// <summary>What has a bound of its own: all that is heard, and of each first what is known of one scope.</summary>
    private static string ShareOf(string key) => IsHeard(key) ? HeardPrefix : key[..key.LastIndexOf('/')];

    private static string KeyOf(First what, string scope, string[] values) =>
        $"is/{what.Kind}/{what.Word}/{Part([scope])}/{Part(values)}";

    private static string HeardKey(string family, string host) => $"{HeardPrefix}{family}/{Part([host])}";

    /// <summary>Values as one part of a key, without a slash in it.</summary>
    private static string Part(string[] values)
    {
        string text = JsonSerializer.Serialize(values).Replace("/", "\\u002f", StringComparison.Ordinal);
        return text.Length <= MaxPart ? text : Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }

    private void Put(string key, Seen seen)
    {
        if (_known.TryAdd(key, seen))
            _shares[ShareOf(key)] = _shares.GetValueOrDefault(ShareOf(key)) + 1;
    }

    private void Remove(string key)
    {
        if (!_known.Remove(key))
            return;
        string share = ShareOf(key);
        if (--_shares[share] == 0)
            _shares.Remove(share);
    }

    private Seen Touch(string key, long at, ICollection<FirstChange> changed)
    {
        bool isNew = !_known.TryGetValue(key, out Seen? seen);
        if (isNew)
            Put(key, seen = new Seen { Since = at, Last = at });
        bool isOlder = at < seen!.Since;
        seen.Since = Math.Min(seen.Since, at);
        seen.Last = Math.Max(seen.Last, at);
        _newest = Math.Max(_newest, at);
        if (isNew || isOlder || seen.Last - seen.Saved >= Day)
        {
            seen.Saved = seen.Last;
            changed.Add(new FirstChange(key, isNew, new StoredFirst(seen.Since, seen.Last)));
        }
        return seen;
    }

    private sealed class Seen
    {
        public long Since { get; set; }

        public long Last { get; set; }

        /// <summary>What is stored of <see cref="Last"/>.</summary>
        public long Saved { get; set; }
    }
}

/// <summary>What is known of something that was seen.</summary>
internal enum Sight
{
    /// <summary>It was seen before.</summary>
    Known,

    /// <summary>It was not, but too little is known yet to say so.</summary>
    Learned,

    /// <summary>It was never seen before.</summary>
    First,

    /// <summary>Nothing: there is no room to learn it.</summary>
    NoRoom,
}

/// <summary>What is to be stored of something.</summary>
/// <param name="Key">Its key.</param>
/// <param name="IsNew">Whether it was not known before.</param>
/// <param name="State">When it was seen.</param>
internal readonly record struct FirstChange(string Key, bool IsNew, StoredFirst State)
{
    /// <summary>Whose positions they are.</summary>
    public const string Source = "first seen";

    /// <summary>As a position, which is stored in the commit of the events.</summary>
    public SourcePosition Position => new(Source, Key, JsonSerializer.Serialize(State));
}

/// <summary>When something was seen first and last, nanoseconds since 1970 UTC.</summary>
internal sealed record StoredFirst(long Since, long Last);
