namespace Metrics.Inputs;

/// <summary>Why something was turned away or lost.</summary>
internal enum InputDrop
{
    /// <summary>Its sender is not in <c>allow_from</c>: a connection, a datagram or a request.</summary>
    RefusedSender,

    /// <summary>A connection beyond the limit, of all senders or of one.</summary>
    ConnectionLimit,

    /// <summary>A message that its sender had begun and not ended.</summary>
    Incomplete,

    /// <summary>A message for which the intake had no room until the time for handing over was up.</summary>
    Abandoned,

    /// <summary>A message that came once more: it is an event already.</summary>
    Repeated,
}

/// <summary>What was wrong with something that was taken in all the same, or with a connection.</summary>
internal enum InputError
{
    /// <summary>Not in the form that it claims to be in; kept as text.</summary>
    Malformed,

    /// <summary>A time that is none, or too far from now; the time of arrival is kept.</summary>
    Time,

    /// <summary>Longer than the bound; cut there.</summary>
    TooLong,

    /// <summary>More parameters of structured data than are kept.</summary>
    Parameters,

    /// <summary>A stream out of step; its connection was closed.</summary>
    Framing,

    /// <summary>A connection on which nothing, or half a message, came for too long; closed.</summary>
    Timeout,

    /// <summary>A handshake that failed.</summary>
    Tls,

    /// <summary>A connection that broke.</summary>
    Connection,

    /// <summary>A connection that a fault of ours has ended.</summary>
    Internal,

    /// <summary>A file that cannot be opened or read.</summary>
    Unreadable,

    /// <summary>What could not be stored, and was not acknowledged: its sender shall send it again.</summary>
    NotStored,
}

/// <summary>Counts of one input since the start of the daemon, over all its restarts. Safe for use by several threads.</summary>
internal sealed class InputCounters
{
    private readonly long[] _dropped = new long[Enum.GetValues<InputDrop>().Length];
    private readonly long[] _errors = new long[Enum.GetValues<InputError>().Length];
    private long _events;
    private long _bytes;
    private long _kernelDrops;
    private long _lastEvent;
    private int _connections;
    private string? _lastProblem;
    private IReadOnlyList<UnreadFile> _unread = [];

    /// <summary>Words of the reasons, as metrics and API have them: <c>refused_sender</c>.</summary>
    public static IReadOnlyList<(InputDrop Reason, string Word)> Drops { get; } =
        [.. Enum.GetValues<InputDrop>().Select(r => (r, Word($"{r}")))];

    /// <summary>Words of the errors, as metrics and API have them: <c>too_long</c>.</summary>
    public static IReadOnlyList<(InputError Reason, string Word)> Errors { get; } =
        [.. Enum.GetValues<InputError>().Select(r => (r, Word($"{r}")))];

    /// <summary>Events and samples handed over.</summary>
    public long Events => Volatile.Read(ref _events);

    /// <summary>Bytes received, as they came out of TLS or compression.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Datagrams that the kernel has dropped because its buffer for us was full.</summary>
    public long KernelDrops => Volatile.Read(ref _kernelDrops);

    /// <summary>When something was last handed over, milliseconds since 1970 UTC; 0 is never.</summary>
    public long LastEvent => Volatile.Read(ref _lastEvent);

    /// <summary>Connections that are open.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Files in which something lies that was not stored when the input looked last.</summary>
    public IReadOnlyList<UnreadFile> Unread
    {
        get => Volatile.Read(ref _unread);
        set => Volatile.Write(ref _unread, value);
    }

    /// <summary>How many were dropped for a reason.</summary>
    public long Of(InputDrop reason) => Volatile.Read(ref _dropped[(int)reason]);

    /// <summary>How many had an error.</summary>
    public long Of(InputError reason) => Volatile.Read(ref _errors[(int)reason]);

    /// <summary>Counts what was handed over.</summary>
    /// <param name="count">How many.</param>
    /// <param name="at">When, milliseconds since 1970 UTC.</param>
    public void AddEvents(int count, long at)
    {
        Interlocked.Add(ref _events, count);
        Volatile.Write(ref _lastEvent, at);
    }

    /// <summary>Counts bytes received.</summary>
    public void AddBytes(int count) => Interlocked.Add(ref _bytes, count);

    /// <summary>Counts what was dropped.</summary>
    public void Add(InputDrop reason, int count = 1) => Interlocked.Add(ref _dropped[(int)reason], count);

    /// <summary>Counts an error.</summary>
    public void Add(InputError reason, int count = 1) => Interlocked.Add(ref _errors[(int)reason], count);

    /// <summary>What the newest error of a connection was, in words; null when there was none.</summary>
    public string? LastProblem => Volatile.Read(ref _lastProblem);

    /// <summary>Counts an error of a connection, and keeps what it was.</summary>
    public void Add(InputError reason, string sender, Exception what)
    {
        Add(reason);
        Volatile.Write(ref _lastProblem, $"{sender}: {(what.InnerException ?? what).Message}");
    }

    /// <summary>Counts datagrams that the kernel has dropped.</summary>
    public void AddKernelDrops(uint count) => Interlocked.Add(ref _kernelDrops, count);

    /// <summary>Counts connections opened (1) and closed (-1).</summary>
    public void AddConnections(int change) => Interlocked.Add(ref _connections, change);

    private static string Word(string name) =>
        string.Concat(name.Select((c, i) => (i > 0 && char.IsUpper(c) ? "_" : "") + char.ToLowerInvariant(c)));
}
