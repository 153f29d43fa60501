using System.Buffers;
using System.IO.Compression;

namespace Metrics.Inputs.Push;

/// <summary>The body of one push, unpacked, in an array from the pool.</summary>
internal sealed class PushBody : IDisposable
{
    private const int StartBytes = 64 * 1024;

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(StartBytes);
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
        await using Stream plain = unpacked;
        try
        {
            while (await plain.ReadAsync(Free(), ct) is > 0 and var read)
            {
                _length += read;
                counters.AddBytes(read);
                if (_length > maxBytes)
                    return new PushRefusal(413, $"the body is larger than {maxBytes >> 20} MiB; send smaller batches");
            }
            return null;
        }
        catch (InvalidDataException)
        {
            return new PushRefusal(400, "the body is no gzip, or not all of it");
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        (_buffer, _length) = ([], 0);
    }

    /// <summary>The body as it was before it was packed; null when we do not know how it is packed.</summary>
    private static Stream? Unpack(PushRequest request) => request.Encoding.ToLowerInvariant() switch
    {
        "" or "identity" => request.Body,
        "gzip" or "x-gzip" => new GZipStream(request.Body, CompressionMode.Decompress),
        _ => null,
    };

    private Memory<byte> Free()
    {
        if (_length == _buffer.Length)
        {
            byte[] grown = ArrayPool<byte>.Shared.Rent(_buffer.Length * 2);
            _buffer.CopyTo(grown, 0);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = grown;
        }
        return _buffer.AsMemory(_length);
    }
}
