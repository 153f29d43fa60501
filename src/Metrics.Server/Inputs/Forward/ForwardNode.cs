using System.Net;
using Metrics.Formats.Forward;

namespace Metrics.Inputs.Forward;

/// <summary>
/// A node that forwards to this centre. One machine at a time sends by its name: another one, such as a clone with the same configuration,
/// is refused for as long as the first is heard of. Safe for use by several threads.
/// </summary>
/// <param name="name">Its name.</param>
internal sealed class ForwardNode(string name)
{
    /// <summary>How long after it was last heard of the name is a machine's own.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromMinutes(1);

    private const int MaxLogs = 4;
    private const int MaxSuperseded = 16;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, long> _places = [];
    private readonly List<string> _logs = [];
    private readonly Queue<string> _superseded = new();
    private string? _session;
    private string _log = "";
    private IPAddress? _from;
    private long _heardAt;

    /// <summary>Its name.</summary>
    public string Name => name;

    /// <summary>When it was last heard of, milliseconds since 1970 UTC; 0 is never.</summary>
    public long SeenAt { get; set; }

    /// <summary>What is stored of <see cref="SeenAt"/>.</summary>
    public long StoredSeenAt { get; set; }

    /// <summary>How long its oldest event, and sample, that is not sent has waited, seconds, as it says.</summary>
    public (double Events, double Samples) Lag { get; private set; }

    /// <summary>Held by who reads or changes its place: two requests of a node come one after the other.</summary>
    public SemaphoreSlim Turn { get; } = new(1, 1);

    /// <summary>Lets one in that says it is this node.</summary>
    /// <param name="header">What it says.</param>
    /// <param name="from">Its address; null is one that has none.</param>
    /// <param name="time">The clock.</param>
    /// <returns>Why it is not let in, or null.</returns>
    public string? Enter(ForwardHeader header, IPAddress? from, TimeProvider time)
    {
        lock (_lock)
        {
            if (header.Session != _session)
            {
                bool isHeld = _session is not null && time.GetElapsedTime(_heardAt) < Lease;
                // The same log from the same address is the same daemon, started again; unless the one before goes on sending.
                bool isSame = header.Log == _log && Equals(from, _from) && !_superseded.Contains(header.Session);
                if (isHeld && !isSame)
                    return $"another metricsd, at {_from}, sends as the node '{name}'; give one of them another name (forward.node)";
                if (_session is not null)
                    _superseded.Enqueue(_session);
                if (_superseded.Count > MaxSuperseded)
                    _superseded.Dequeue();
                (_session, _log, _from) = (header.Session, header.Log, from);
            }
            // A log that was begun anew in its life.
            _log = header.Log;
            _heardAt = time.GetTimestamp();
            SeenAt = time.GetUtcNow().ToUnixTimeMilliseconds();
            Lag = (header.EventLag, header.SampleLag);
            return null;
        }
    }

    /// <summary>The logs of which it is known how far they are here.</summary>
    public IReadOnlyList<string> Logs
    {
        get
        {
            lock (_lock)
                return [.. _logs];
        }
    }

    /// <summary>The newest event of a log that is stored; null where none is known of it.</summary>
    public long? PlaceIn(string log)
    {
        lock (_lock)
            return _places.TryGetValue(log, out long place) ? place : null;
    }

    /// <summary>The newest event that is stored of the log before this one; null where there was none.</summary>
    public long? PlaceBefore(string log)
    {
        lock (_lock)
            return _logs.LastOrDefault(l => l != log) is { } before ? _places[before] : null;
    }

    /// <summary>The log that is forgotten when another one is noted, since there would be too many; null where there would not.</summary>
    public string? ForgottenFor(string log)
    {
        lock (_lock)
            return _logs.Count >= MaxLogs && !_places.ContainsKey(log) ? _logs[0] : null;
    }

    /// <summary>Notes what is stored.</summary>
    public void Set(string log, long place)
    {
        lock (_lock)
        {
            if (ForgottenFor(log) is { } forgotten)
            {
                _logs.RemoveAt(0);
                _places.Remove(forgotten);
            }
            _places[log] = place;
            if (_logs is [.., var newest] && newest == log)
                return;
            _logs.Remove(log);
            _logs.Add(log);
        }
    }
}
