using System.Buffers;
using System.IO.Compression;
using Metrics.Telemetry;
using Snappier;

namespace Metrics.Inputs.Push;

/// <summary>The body of one push, unpacked, in an array from the pool.</summary>
/// <param name="share">What the bodies of all pushes may take together.</param>
/// <param name="time">The clock.</param>
internal sealed class PushBody(MemoryShare share, TimeProvider time) : IDisposable
{
    /// <summary>What is made of a body before it is let go takes about as much again.</summary>
    private const int TakenPerByte = 2;

    /// <summary>One body takes this part of the share at the most, so that several find room.</summary>
    private const int BodiesPerShare = 2;

    /// <summary>A body that is not here by then gives back what it holds.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private const int StartBytes = 64 * 1024;

    /// <summary>Others take all that there is: come again.</summary>
    public static readonly PushRefusal NoMemory = new(503, "other pushes take the memory that there is for them; try again");

    private byte[] _buffer = [];
    private long _taken;
    private int _length;

    /// <summary>What was read.</summary>
    public ReadOnlyMemory<byte> Bytes => _buffer.AsMemory(0, _length);

    /// <summary>Reads a body to its end. The bound holds for what is unpacked, so that a small body never becomes a large one.</summary>
    /// <param name="request">Whose body.</param>
    /// <param name="maxBytes">The bound.</param>
    /// <param name="counters">Counts the bytes.</param>
    /// <param name="ct">Ends the reading.</param>
    /// <returns>What is wrong with it, or null.</returns>
    public async Task<PushRefusal?> ReadAsync(PushRequest request, int maxBytes, InputCounters counters, CancellationToken ct)
    {
        if (Unpack(request) is not { } unpacked)
            return new PushRefusal(415, $"the body is packed as '{request.Encoding}'; gzip is known, or none");
        maxBytes = (int)Math.Min(maxBytes, share.Bytes / (BodiesPerShare * TakenPerByte));
        await using Stream plain = unpacked;
        using var late = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, ct);
        try
        {
            while (true)
            {
                if (!TryMakeRoom())
                    return NoMemory;
                int read = await plain.ReadAsync(_buffer.AsMemory(_length), either.Token);
                if (read == 0)
                    return request.IsSnappy ? UnpackSnappy(maxBytes, counters) : null;
                _length += read;
                counters.AddBytes(read);
                if (_length > maxBytes)
                    return TooLarge(maxBytes);
            }
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !ct.IsCancellationRequested)
        {
            return new PushRefusal(408, "the body was not here within a minute; send smaller batches");
        }
        catch (InvalidDataException)
        {
            return new PushRefusal(400, "the body is no gzip, or not all of it");
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        if (_buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(_buffer);
        share.GiveBack(_taken);
        (_buffer, _length, _taken) = ([], 0, 0);
    }

    /// <summary>The body as it was before it was packed; null when we do not know how it is packed.</summary>
    private static Stream? Unpack(PushRequest request) => request.Encoding.ToLowerInvariant() switch
    {
        "" or "identity" => request.Body,
        "snappy" when request.IsSnappy => request.Body,
        "gzip" or "x-gzip" => new GZipStream(request.Body, CompressionMode.Decompress),
        _ => null,
    };

    private static PushRefusal TooLarge(int maxBytes) =>
        new(413, $"the body is larger than {maxBytes >> 20} MiB; send smaller batches");

    /// <summary>Puts what the body holds in its place.</summary>
    private PushRefusal? UnpackSnappy(int maxBytes, InputCounters counters)
    {
        ReadOnlySpan<byte> packed = Bytes.Span;
        byte[] plain = [];
        try
        {
            int length = Snappy.GetUncompressedLength(packed);
            // Beyond 2 GiB it is below zero.
            if ((uint)length > maxBytes)
                return TooLarge(maxBytes);
            if (!TryHold(TakenPerByte * (long)length))
                return NoMemory;
            plain = ArrayPool<byte>.Shared.Rent(length);
            if (!Snappy.TryDecompress(packed, plain, out int written) || written != length)
                throw new InvalidDataException("it holds less, or more, than it says");
            counters.AddBytes(Math.Max(0, length - _length));
            (_buffer, plain, _length) = (plain, _buffer, length);
            return null;
        }
        catch (InvalidDataException)
        {
            return new PushRefusal(400, "the body is not packed by snappy, or not all of it came");
        }
        finally
        {
            if (plain.Length > 0)
                ArrayPool<byte>.Shared.Return(plain);
        }
    }

    /// <summary>Holds more for what is made of the body, until it is let go.</summary>
    /// <returns>Whether there was as much.</returns>
    public bool TryHold(long bytes)
    {
        if (!share.TryTake(bytes))
            return false;
        _taken += bytes;
        return true;
    }

    private bool TryMakeRoom()
    {
        if (_length < _buffer.Length)
            return true;
        int size = Math.Max(StartBytes, _buffer.Length * 2);
        long more = (TakenPerByte * (long)size) - _taken;
        if (!TryHold(more))
            return false;
        byte[] grown = ArrayPool<byte>.Shared.Rent(size);
        _buffer.AsSpan(0, _length).CopyTo(grown);
        if (_buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = grown;
        return true;
    }
}
