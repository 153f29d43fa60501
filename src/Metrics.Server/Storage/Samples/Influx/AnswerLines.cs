using System.Text;

namespace Metrics.Storage.Samples.Influx;

/// <summary>
/// The lines of an answer that may be hostile. Bounded in memory by the longest line; bounded in time by a pace: the next 64 KiB, or the
/// end, must come within the patience. Every failure of the other side is a <see cref="StoreException"/>.
/// </summary>
/// <param name="answer">Whose body is read; disposed with this.</param>
/// <param name="body">The body.</param>
/// <param name="patience">Longest wait for the next piece.</param>
/// <param name="time">The clock.</param>
internal sealed class AnswerLines(HttpResponseMessage answer, Stream body, TimeSpan patience, TimeProvider time) : IDisposable
{
    private const int PieceBytes = 64 << 10;

    /// <summary>A thousand rows of all fields of a large family take a tenth of it.</summary>
    private const int MaxLineBytes = 32 << 20;

    /// <summary>Tables of CSV are set apart by one.</summary>
    private const int MaxEmptyLines = 100;

    private byte[] _buffer = new byte[PieceBytes];
    private int _start;
    private int _end;
    private bool _isOver;
    private int _ofPiece;
    private TimeSpan _waited;

    /// <summary>HTTP status.</summary>
    public int Status => (int)answer.StatusCode;

    /// <summary>Why there is no data, by status; null when there is. The answer is used up then.</summary>
    public async Task<string?> RefusalAsync(CancellationToken ct)
    {
        if (answer.IsSuccessStatusCode)
            return null;
        string words = await NextAsync(ct) is { } line ? InfluxAnswer.ErrorOr(Encoding.UTF8.GetString(line.Span)) : "";
        return $"HTTP {Status}: {InfluxJson.FirstWords(words)}";
    }

    /// <summary>The next line that is not empty, valid until the next call; null at the end.</summary>
    /// <exception cref="StoreException">The answer breaks off, is too slow, or has too long a line.</exception>
    public async ValueTask<ReadOnlyMemory<byte>?> NextAsync(CancellationToken ct)
    {
        int searched = 0, empty = 0;
        while (true)
        {
            int feed = _buffer.AsSpan(_start + searched, _end - _start - searched).IndexOf((byte)'\n');
            if (feed < 0 && !_isOver)
            {
                searched = _end - _start;
                await FillAsync(ct);
                continue;
            }
            int length = feed < 0 ? _end - _start : searched + feed;
            ReadOnlyMemory<byte> line = _buffer.AsMemory(_start, length);
            _start = Math.Min(_start + length + 1, _end);
            if (line.Span is not ([] or [(byte)'\r']))
                return line;
            if (feed < 0)
                return null;
            if (++empty > MaxEmptyLines)
                throw new StoreException("the answer is nothing but empty lines");
            searched = 0;
        }
    }

    public void Dispose() => answer.Dispose();

    private async ValueTask FillAsync(CancellationToken ct)
    {
        MakeRoom();
        long start = time.GetTimestamp();
        using var late = new CancellationTokenSource(patience > _waited ? patience - _waited : TimeSpan.Zero, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, ct);
        int read;
        try
        {
            read = await body.ReadAsync(_buffer.AsMemory(_end), either.Token);
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            // Whatever it is, a cut connection, a bad gzip, silence: the answer is not to be had.
            throw late.IsCancellationRequested
                ? new StoreSilentException($"the answer comes too slowly: less than 64 KiB in {Model.Duration.Format(patience)}", e)
                : new StoreException($"the answer broke off: {e.Message}", e);
        }
        _waited += time.GetElapsedTime(start);
        _ofPiece += read;
        if (_ofPiece >= PieceBytes)
            (_ofPiece, _waited) = (0, TimeSpan.Zero);
        _isOver = read == 0;
        _end += read;
    }

    private void MakeRoom()
    {
        if (_end < _buffer.Length)
            return;
        int length = _end - _start;
        if (length >= MaxLineBytes)
            throw new StoreException($"the answer has a line of more than {MaxLineBytes >> 20} MiB");
        byte[] target = length > _buffer.Length / 2 ? new byte[Math.Min(_buffer.Length * 2, MaxLineBytes)] : _buffer;
        _buffer.AsSpan(_start, length).CopyTo(target);
        (_buffer, _start, _end) = (target, 0, length);
    }
}
