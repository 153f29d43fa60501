using System.Buffers;
using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Metrics.Model;

namespace Metrics.Inputs.Syslog;

/// <summary>
/// Syslog over UDP (RFC 5426): a batch of what has come since the last one. While the intake is full nothing is read; what the kernel drops
/// then, because its buffer is full, is counted.
/// </summary>
internal sealed class SyslogUdpInput(SyslogOptions options, TimeProvider time) : IInput
{
    /// <summary>Datagrams in one batch at most.</summary>
    private const int MaxBatch = 1024;

    /// <summary>The largest datagram that there is.</summary>
    private const int MaxDatagram = 65_535;

    private readonly SyslogSenders _senders = new(options.AllowFrom);

    /// <inheritdoc />
    public async Task RunAsync(IInputSink sink, CancellationToken stop, CancellationToken abort)
    {
        using var socket = new Socket(options.Listen.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        if (options.Listen.Address.Equals(IPAddress.IPv6Any))
            socket.DualMode = true;
        socket.ReceiveBufferSize = options.ReceiveBufferBytes;
        socket.Bind(options.Listen);
        sink.Ready($"{socket.LocalEndPoint}, receive buffer {KernelBuffer.Size(socket)} bytes");

        var messages = new SyslogBatch(options.Name, options.TimeZone, sink.Counters, time);
        var drops = new KernelBuffer();
        var dropped = new DroppedDatagrams(options.Name, time);
        var from = new SocketAddress(options.Listen.AddressFamily);
        byte[] datagram = ArrayPool<byte>.Shared.Rent(MaxDatagram);
        try
        {
            while (!stop.IsCancellationRequested)
            {
                int length = await socket.ReceiveFromAsync(datagram.AsMemory(), SocketFlags.None, from, stop);
                messages.Begin();
                Take(datagram.AsSpan(0, length), from, messages, sink);
                await TakeWaitingAsync(socket, datagram, from, messages, sink, MaxBatch, abort);
                uint count = drops.NewDrops(socket);
                sink.Counters.AddKernelDrops(count);
                if (dropped.Note(count) is { } gap)
                    await sink.WriteAsync(gap, abort);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Now only what the kernel holds already; a sender that goes on and on is cut off by abort.
        }
        finally
        {
            await TakeWaitingAsync(socket, datagram, from, messages, sink, int.MaxValue, abort);
            uint count = drops.NewDrops(socket);
            sink.Counters.AddKernelDrops(count);
            if (dropped.Note(count, isLast: true) is { } gap)
                await sink.WriteAsync(gap, abort);
            ArrayPool<byte>.Shared.Return(datagram);
        }
    }

    private async Task TakeWaitingAsync(
        Socket socket, byte[] datagram, SocketAddress from, SyslogBatch messages, IInputSink sink, int max, CancellationToken abort)
    {
        messages.Begin();
        for (int taken = 1; taken < max && !abort.IsCancellationRequested && socket.Available > 0; taken++)
        {
            int length = socket.ReceiveFrom(datagram, SocketFlags.None, from);
            Take(datagram.AsSpan(0, length), from, messages, sink);
            if (messages.Count >= MaxBatch)
                await sink.WriteAsync(messages.Take()!, abort);
        }
        if (messages.Take() is { } batch)
            await sink.WriteAsync(batch, abort);
    }

    private void Take(ReadOnlySpan<byte> datagram, SocketAddress from, SyslogBatch messages, IInputSink sink)
    {
        sink.Counters.AddBytes(datagram.Length);
        if (_senders.Find(from) is not { } sender)
        {
            sink.Counters.Add(InputDrop.RefusedSender);
            return;
        }
        bool tooLong = datagram.Length > options.MaxMessageBytes;
        ReadOnlySpan<byte> message = tooLong ? datagram[..options.MaxMessageBytes] : datagram;
        if (!message.Trim("\r\n\0 "u8).IsEmpty)
            messages.Add(message, sender, tooLong);
    }
}

/// <summary>What the kernel says of the buffer that it keeps for a socket.</summary>
internal sealed class KernelBuffer
{
    private const int SolSocket = 1;
    private const int SoReceiveBuffer = 8;
    private const int SoMemoryInfo = 55;
    private const int MemoryInfoLength = 9 * sizeof(uint);

    /// <summary><c>SK_MEMINFO_DROPS</c>, https://github.com/torvalds/linux/blob/master/include/uapi/linux/sock_diag.h.</summary>
    private const int DropsAt = 8 * sizeof(uint);

    private uint _seen;

    /// <summary>Its real size, which <c>net.core.rmem_max</c> bounds; the kernel's own book-keeping takes half of it.</summary>
    public static int Size(Socket socket)
    {
        Span<byte> size = stackalloc byte[sizeof(int)];
        socket.GetRawSocketOption(SolSocket, SoReceiveBuffer, size);
        return BinaryPrimitives.ReadInt32LittleEndian(size);
    }

    /// <summary>Datagrams dropped since the last call.</summary>
    public uint NewDrops(Socket socket)
    {
        Span<byte> info = stackalloc byte[MemoryInfoLength];
        if (socket.GetRawSocketOption(SolSocket, SoMemoryInfo, info) < MemoryInfoLength)
            return 0;
        uint drops = BinaryPrimitives.ReadUInt32LittleEndian(info[DropsAt..]);
        uint before = _seen;
        _seen = drops;
        return unchecked(drops - before);
    }
}
