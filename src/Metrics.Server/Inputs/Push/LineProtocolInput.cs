using System.Buffers;
using System.Collections.Concurrent;
using System.Globalization;
using System.IO.Compression;
using System.Net;
using Metrics.Formats;
using Metrics.Formats.LineProtocol;
using Metrics.Intake;
using Metrics.Model;
using Metrics.Series;
using Metrics.Storage;

namespace Metrics.Inputs.Push;

/// <summary>
/// Takes InfluxDB line protocol from Telegraf and any InfluxDB client. A body is answered 204 when the store has committed or spooled it;
/// bad lines are refused one by one and named, the good ones of the same body are kept. Metric = <c>measurement_field</c>, labels = tags.
/// </summary>
internal sealed class LineProtocolInput(PushLane lane, TextFieldEvents textFields, PushMetrics metrics, TimeProvider time)
{
    private const int MaxBodyBytes = 64 << 20;
    private const int MaxKnownSeries = 1_000_000;
    private const int MaxNamedFaults = 3;

    /// <summary>Labels of what was pushed before, by the bytes of measurement, tags and field.</summary>
    private readonly ConcurrentDictionary<byte[], Labels> _known = new(ByteKey.Comparer);
    private int _knownCount;

    internal readonly record struct Answer(int Status, string? Error);

    /// <summary>Reads a request to its end and hands on what it holds.</summary>
    /// <param name="from">Its sender's address.</param>
    /// <param name="body">The body as it comes.</param>
    /// <param name="gzip">Whether it is packed.</param>
    /// <param name="precision">Unit of its timestamps.</param>
    /// <param name="source">Who sends, for limits.</param>
    /// <param name="binding">Of whom alone the sender may send; null is of anybody.</param>
    /// <param name="ct">Ends the reading.</param>
    public async Task<Answer> ReceiveAsync(
        IPAddress? from, Stream body, bool gzip, Precision precision, string source, SenderBinding? binding, CancellationToken ct)
    {
        if (lane.Enter(from, out int status, out string? error) is not { } sink)
            return new Answer(status, error);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(64 * 1024);
        try
        {
            int length = 0;
            await using Stream plain = gzip ? new GZipStream(body, CompressionMode.Decompress) : body;
            while (true)
            {
                if (length == buffer.Length)
                    buffer = Grow(buffer);
                int read;
                try
                {
                    read = await plain.ReadAsync(buffer.AsMemory(length), ct);
                }
                catch (InvalidDataException e)
                {
                    return new Answer(400, $"the body is not gzip: {e.Message}");
                }
                if (read == 0)
                    break;
                length += read;
                sink.Counters.AddBytes(read);
                if (length > MaxBodyBytes)
                    return new Answer(
                        413, string.Create(
                        CultureInfo.InvariantCulture, $"the body is larger than {MaxBodyBytes} bytes; send smaller batches"));
            }
            return await TakeAsync(sink, buffer.AsMemory(0, length), precision, source, binding, ct);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task<Answer> TakeAsync(
        IInputSink sink, ReadOnlyMemory<byte> body, Precision precision, string source, SenderBinding? binding, CancellationToken ct)
    {
        var batch = new SampleBatch(source);
        var events = new EventBatch(source);
        (int refused, string? fault) = Read(body.Span, precision, batch, events, binding);
        metrics.Samples.Inc(batch.Count);
        metrics.Events.Inc(events.Count);
        metrics.RefusedLines.Inc(refused);
        sink.Counters.Add(InputError.Malformed, refused);
        if (batch.Count == 0 && events.Count == 0)
        {
            batch.Dispose();
            events.Dispose();
            return refused == 0 ? new Answer(204, null) : new Answer(400, $"unable to parse: {fault}");
        }
        AppendResult result = default;
        try
        {
            if (batch.Count > 0)
                result = await sink.CommitAsync(batch, ct);
            // Last: when it fails all comes once more, which makes no difference to samples.
            if (events.Count > 0)
                await sink.CommitAsync(events, ct);
        }
        catch (StoreException e)
        {
            return new Answer(503, e.Message);
        }
        if (result.LimitReached > 0)
            return new Answer(
                400, string.Create(
                CultureInfo.InvariantCulture,
                $"partial write: the limit of series for '{source}' is reached dropped={result.LimitReached}"));
        if (result.TooNew > 0)
            return new Answer(
                400, string.Create(
                CultureInfo.InvariantCulture, $"partial write: points lie too far in the future dropped={result.TooNew}"));
        return refused == 0 ? new Answer(204, null)
            : new Answer(400, string.Create(CultureInfo.InvariantCulture, $"partial write: unable to parse: {fault} dropped={refused}"));
    }

    /// <summary>Reads every line into one of the batches.</summary>
    /// <returns>How many lines were refused, and the first few reasons.</returns>
    internal (int Refused, string? Fault) Read(
        ReadOnlySpan<byte> body, Precision precision, SampleBatch batch, EventBatch events, SenderBinding? binding = null)
    {
        var reader = new LineProtocolReader(body);
        var point = new LineProtocolPoint();
        long now = time.GetUtcNow().ToUnixTimeMilliseconds();
        int refused = 0;
        var faults = new List<string>();
        while (true)
        {
            LineResult result = reader.Read(point, out ParseFault fault);
            if (result == LineResult.End)
                return (refused, faults.Count == 0 ? null : string.Join("; ", faults));
            if (result == LineResult.Point && point.Timestamp is { } stamp && !precision.TryToNanoseconds(stamp, out _))
            {
                result = LineResult.Refused;
                fault = new ParseFault("the timestamp is out of range", 0);
            }
            if (result == LineResult.Refused)
            {
                refused++;
                if (faults.Count < MaxNamedFaults)
                    faults.Add(string.Create(CultureInfo.InvariantCulture, $"line {reader.Line}: {fault}"));
                continue;
            }
            long at = point.Timestamp is { } given ? precision.ToMilliseconds(given) : now;
            string? unbound = null;
            if (textFields.TryAdd(body, point, precision, now, events))
            {
                unbound = binding?.BindNewest(events);
                if (unbound is not null)
                    metrics.SenderRefused.WithLabels("events").Inc();
            }
            else
            {
                unbound = AddSamples(body, point, at, batch, binding);
            }
            if (unbound is not null)
            {
                refused++;
                if (faults.Count < MaxNamedFaults)
                    faults.Add(string.Create(CultureInfo.InvariantCulture, $"line {reader.Line}: {unbound}"));
            }
        }
    }

    /// <summary>Adds a point's numbers; gives what is wrong when they are of somebody of whom the sender may not send.</summary>
    private string? AddSamples(ReadOnlySpan<byte> body, LineProtocolPoint point, long at, SampleBatch batch, SenderBinding? binding)
    {
        string? unbound = null;
        foreach (FieldToken field in point.Fields)
        {
            if (field.Kind == FieldKind.String)
            {
                textFields.Refuse();
                continue;
            }
            Labels series = LabelsOf(body, point, field);
            if (binding is null || binding.TryBindSeries(series, out series, out unbound))
                batch.Add(series, at, field.Number);
            else
                metrics.SenderRefused.WithLabels("samples").Inc();
        }
        return unbound;
    }

    private Labels LabelsOf(ReadOnlySpan<byte> body, LineProtocolPoint point, FieldToken field)
    {
        ReadOnlySpan<byte> series = point.Series.Raw(body), key = field.Key.Raw(body);
        int length = series.Length + 1 + key.Length;
        byte[]? rented = length > 512 ? ArrayPool<byte>.Shared.Rent(length) : null;
        Span<byte> bytes = rented is null ? stackalloc byte[512] : rented;
        bytes = bytes[..length];
        series.CopyTo(bytes);
        bytes[series.Length] = (byte)' ';
        key.CopyTo(bytes[(series.Length + 1)..]);
        if (!_known.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(bytes, out Labels? labels))
        {
            labels = CreateLabels(body, point, field);
            // Counted beside it: the dictionary would take all its locks to tell.
            if (Interlocked.Increment(ref _knownCount) > MaxKnownSeries)
            {
                _known.Clear();
                _knownCount = 0;
            }
            _known[bytes.ToArray()] = labels;
        }
        if (rented is not null)
            ArrayPool<byte>.Shared.Return(rented);
        return labels;
    }

    private static Labels CreateLabels(ReadOnlySpan<byte> body, LineProtocolPoint point, FieldToken field)
    {
        var labels = new List<Label>(point.Tags.Count + 1)
        {
            new(Labels.MetricName,
                $"{point.Measurement.Text(body, LineProtocolReader.MeasurementEscapes)}_{field.Key.Text(body, LineProtocolReader.KeyEscapes)}"),
        };
        foreach (TagToken tag in point.Tags)
            labels.Add(new Label(tag.Key.Text(body, LineProtocolReader.KeyEscapes), tag.Value.Text(body, LineProtocolReader.KeyEscapes)));
        return Labels.Of(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(labels));
    }

    private static byte[] Grow(byte[] buffer)
    {
        byte[] grown = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
        buffer.CopyTo(grown, 0);
        ArrayPool<byte>.Shared.Return(buffer);
        return grown;
    }
}
