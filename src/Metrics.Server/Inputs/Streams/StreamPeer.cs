using System.Net.Sockets;

namespace Metrics.Inputs.Streams;

/// <summary>The other side of one connection.</summary>
internal sealed class StreamPeer : IDisposable
{
    /// <summary>Stands for no moment: a clock may well begin at 0.</summary>
    private const long Not = -1;

    private readonly Socket _socket;
    private readonly InputCounters _counters;
    private readonly TimeProvider _time;
    private long _waitingSince;
    private long _halfSince = Not;

    /// <param name="socket">Its socket; disposed with it.</param>
    /// <param name="address">Its address.</param>
    /// <param name="counters">Where bytes are counted.</param>
    /// <param name="time">The clock.</param>
    public StreamPeer(Socket socket, string address, InputCounters counters, TimeProvider time)
    {
        _socket = socket;
        _counters = counters;
        _time = time;
        Address = address;
        Stream = new NetworkStream(socket, ownsSocket: true);
        _waitingSince = time.GetTimestamp();
    }

    /// <summary>Its address, without port.</summary>
    public string Address { get; }

    /// <summary>What comes and goes, in the clear.</summary>
    public Stream Stream { get; set; }

    /// <summary>Whether it has stopped for good by its own fault.</summary>
    public bool IsOverdue { get; private set; }

    /// <summary>Reads what has come into the buffer; false at the end of the stream.</summary>
    /// <exception cref="IOException">The connection broke.</exception>
    public async ValueTask<bool> FillAsync(StreamBuffer buffer)
    {
        // Only while we wait for it can it be late: while the intake is full it is we who are.
        Volatile.Write(ref _waitingSince, _time.GetTimestamp());
        int read = await Stream.ReadAsync(buffer.Free());
        Volatile.Write(ref _waitingSince, Not);
        buffer.Filled(read);
        _counters.AddBytes(read);
        return read > 0;
    }

    /// <summary>Says whether half a message is there now, after whole ones were taken or not.</summary>
    public void NoteHalf(bool isThere, bool tookSome)
    {
        if (!isThere)
            Volatile.Write(ref _halfSince, Not);
        else if (tookSome || Volatile.Read(ref _halfSince) == Not)
            Volatile.Write(ref _halfSince, _time.GetTimestamp());
    }

    /// <summary>Closes the connection when the other side has kept us waiting for too long.</summary>
    /// <param name="idle">How long nothing may come.</param>
    /// <param name="half">How long a message may take from its first byte to its last.</param>
    public bool CloseIfOverdue(TimeSpan idle, TimeSpan half)
    {
        long waiting = Volatile.Read(ref _waitingSince), begun = Volatile.Read(ref _halfSince);
        if (waiting == Not || (_time.GetElapsedTime(waiting) <= idle && (begun == Not || _time.GetElapsedTime(begun) <= half)))
            return false;
        IsOverdue = true;
        Abort();
        return true;
    }

    /// <summary>Reads on only what has arrived already; then the stream ends. What is written still goes out.</summary>
    public void EndReading()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Receive);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It is gone already.
        }
    }

    /// <summary>Breaks the connection, from any thread; whoever reads or writes gets an exception.</summary>
    public void Abort() => _socket.Dispose();

    /// <inheritdoc />
    public void Dispose()
    {
        _socket.Dispose();
        Stream.Dispose();
    }
}
