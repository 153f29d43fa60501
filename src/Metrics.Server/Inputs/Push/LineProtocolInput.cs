using System.Buffers;
using System.Collections.Concurrent;
using System.Globalization;
using Metrics.Formats;
using Metrics.Formats.LineProtocol;
using Metrics.Intake;
using Metrics.Model;
using Metrics.Series;
using Metrics.Storage;
using Metrics.Telemetry;

namespace Metrics.Inputs.Push;

/// <summary>How lines are meant.</summary>
/// <param name="Precision">Unit of their timestamps.</param>
/// <param name="NamesAreFields">Whether a field's key is a metric's whole name, as nodes forward them.</param>
internal readonly record struct LineForm(Precision Precision, bool NamesAreFields);

/// <summary>
/// Takes InfluxDB line protocol from Telegraf and any InfluxDB client. A body is answered 204 when the store has committed or spooled it;
/// bad lines are refused one by one and named, the good ones of the same body are kept. Metric = <c>measurement_field</c>, or
/// <c>field</c> where the sender says so, labels = tags.
/// </summary>
internal sealed class LineProtocolInput(
    PushLane lane, TextFieldEvents textFields, PushMetrics metrics, MemoryBudget memory, TimeProvider time)
{
    private const int MaxBodyBytes = 64 << 20;
    private const int MaxKnownSeries = 1_000_000;
    private const int HeapPerKnownSeries = 3 << 10;

    /// <summary>About what labels take that live for one push only.</summary>
    private const int LabelsBytes = 512;

    private const string NoMemory = "memory is short: no new series begin";

    /// <summary>Labels of what was pushed before, by the bytes of measurement, tags and field.</summary>
    private readonly ConcurrentDictionary<byte[], Labels> _known = new(ByteKey.Comparer);
    private int _knownCount;

    internal readonly record struct Answer(int Status, string? Error);

    /// <summary>Reads a request to its end and hands on what it holds.</summary>
    /// <param name="request">The request.</param>
    /// <param name="form">How its lines are meant.</param>
    /// <param name="ct">Ends the reading.</param>
    public async Task<Answer> ReceiveAsync(PushRequest request, LineForm form, CancellationToken ct)
    {
        if (lane.Enter(request.From, out PushRefusal refusal) is not { } sink)
            return new Answer(refusal.Status, refusal.Error);
        using var body = new PushBody(memory.Bodies, time);
        if (await body.ReadAsync(request, MaxBodyBytes, sink.Counters, ct) is { } fault)
            return new Answer(fault.Status, fault.Error);
        var samples = new SampleBatch(request.Source);
        var events = new EventBatch(request.Source) { IsPushed = true };
        RefusedLines refused = Read(body.Bytes.Span, form, samples, events, request.Binding, body);
        metrics.Samples.Inc(samples.Count);
        metrics.Events.Inc(events.Count);
        metrics.RefusedLines.Inc(refused.Count);
        sink.Counters.Add(InputError.Malformed, refused.Count);
        return await CommitAsync(sink, samples, events, refused, ct);
    }

    private static async Task<Answer> CommitAsync(
        IInputSink sink, SampleBatch samples, EventBatch events, RefusedLines refused, CancellationToken ct)
    {
        if (samples.Count == 0 && events.Count == 0 && refused.Count > 0)
        {
            samples.Dispose();
            events.Dispose();
            return new Answer(400, $"unable to parse: {refused.Faults}");
        }
        string source = samples.Source;
        AppendResult result = default;
        try
        {
            if (samples.Count > 0)
                result = await sink.CommitAsync(samples, ct);
            else
                samples.Dispose();
            // Last: when it fails all comes once more, which makes no difference to samples.
            if (events.Count > 0)
                await sink.CommitAsync(events, ct);
            else
                events.Dispose();
        }
        catch (StoreException e)
        {
            var refusal = PushRefusal.Of(e);
            return new Answer(refusal.Status, refusal.Error);
        }
        if (result.LimitReached > 0)
            return Partial($"the limit of series for '{source}' is reached", result.LimitReached);
        if (result.MemoryShort > 0)
            return Partial(NoMemory, result.MemoryShort);
        if (result.TooNew > 0)
            return Partial("points lie too far in the future", result.TooNew);
        if (result.BadTime > 0)
            return Partial("points lie before 1970", result.BadTime);
        if (result.BadLabels > 0)
            return Partial($"series have more than {SeriesBounds.MaxLabels} labels, or too long ones", result.BadLabels);
        return refused.Count == 0 ? new Answer(204, null) : Partial($"unable to parse: {refused.Faults}", refused.Count);
    }

    /// <summary>InfluxDB's words for a body of which some was taken.</summary>
    private static Answer Partial(string why, int dropped) => new(400, $"partial write: {why} dropped={dropped}");

    /// <summary>Reads every line into one of the batches.</summary>
    /// <returns>The lines that were refused.</returns>
    internal RefusedLines Read(
        ReadOnlySpan<byte> body, LineForm form, SampleBatch samples, EventBatch events, SenderBinding? binding = null,
        PushBody? holds = null)
    {
        var reader = new LineProtocolReader(body);
        var point = new LineProtocolPoint();
        long now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var refused = new RefusedLines();
        while (true)
        {
            LineResult result = reader.Read(point, out ParseFault fault);
            if (result == LineResult.End)
                return refused;
            if (result == LineResult.Point && point.Timestamp is { } stamp && !form.Precision.TryToNanoseconds(stamp, out _))
            {
                result = LineResult.Refused;
                fault = new ParseFault("the timestamp is out of range", 0);
            }
            string? wrong = result == LineResult.Refused
                ? fault.ToString()
                : Add(body, point, form, now, samples, events, binding, holds);
            if (wrong is not null)
                refused.Add($"line {reader.Line}: {wrong}");
        }
    }

    /// <summary>Adds a point; gives what is wrong when it is of somebody of whom the sender may not send.</summary>
    private string? Add(
        ReadOnlySpan<byte> body, LineProtocolPoint point, LineForm form, long now, SampleBatch samples, EventBatch events,
        SenderBinding? binding, PushBody? holds)
    {
        if (form.NamesAreFields || !textFields.TryAdd(body, point, form.Precision, now, events))
        {
            long at = point.Timestamp is { } given ? form.Precision.ToMilliseconds(given) : now;
            return AddSamples(body, point, at, form.NamesAreFields, samples, binding, holds);
        }
        string? unbound = binding?.BindNewest(events);
        if (unbound is not null)
            metrics.SenderRefused.WithLabels("events").Inc();
        return unbound;
    }

    /// <summary>Adds a point's numbers; gives what is wrong when they are of somebody of whom the sender may not send.</summary>
    private string? AddSamples(
        ReadOnlySpan<byte> body, LineProtocolPoint point, long at, bool namesAreFields, SampleBatch batch, SenderBinding? binding,
        PushBody? holds)
    {
        string? unbound = null;
        foreach (FieldToken field in point.Fields)
        {
            if (field.Kind == FieldKind.String)
            {
                textFields.Refuse();
                continue;
            }
            if (LabelsOf(body, point, field, namesAreFields, holds) is not { } series)
            {
                memory.NoteRefused(1);
                unbound = NoMemory;
            }
            else if (binding is null || binding.TryBindSeries(series, out series, out unbound))
                batch.Add(series, at, field.Number);
            else
                metrics.SenderRefused.WithLabels("samples").Inc();
        }
        return unbound;
    }

    /// <summary>The labels of a point's field; null where they are new and there is no memory for them.</summary>
    private Labels? LabelsOf(ReadOnlySpan<byte> body, LineProtocolPoint point, FieldToken field, bool namesAreFields, PushBody? holds)
    {
        ReadOnlySpan<byte> series = point.Series.Raw(body), key = field.Key.Raw(body);
        int length = series.Length + 1 + key.Length;
        byte[]? rented = length > 512 ? ArrayPool<byte>.Shared.Rent(length) : null;
        Span<byte> bytes = rented is null ? stackalloc byte[512] : rented;
        bytes = bytes[..length];
        series.CopyTo(bytes);
        // The same bytes are another series in the other form.
        bytes[series.Length] = (byte)(namesAreFields ? '\n' : ' ');
        key.CopyTo(bytes[(series.Length + 1)..]);
        if (!_known.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(bytes, out Labels? labels))
        {
            // Without room nothing is remembered; the head may know the series all the same.
            bool hasRoom = memory.HasRoom();
            if (hasRoom || holds?.TryHold(LabelsBytes) != false)
                labels = CreateLabels(body, point, field, namesAreFields);
            if (hasRoom)
                Remember(bytes, labels!);
        }
        if (rented is not null)
            ArrayPool<byte>.Shared.Return(rented);
        return labels;
    }

    private void Remember(ReadOnlySpan<byte> bytes, Labels labels)
    {
        // Counted beside it: the dictionary would take all its locks to tell.
        if (Interlocked.Increment(ref _knownCount) > Math.Min(MaxKnownSeries, memory.HeapBytes / HeapPerKnownSeries))
        {
            _known.Clear();
            _knownCount = 0;
        }
        _known[bytes.ToArray()] = labels;
    }

    private static Labels CreateLabels(ReadOnlySpan<byte> body, LineProtocolPoint point, FieldToken field, bool namesAreFields)
    {
        string name = field.Key.Text(body, LineProtocolReader.KeyEscapes);
        if (!namesAreFields)
            name = $"{point.Measurement.Text(body, LineProtocolReader.MeasurementEscapes)}_{name}";
        var labels = new List<Label>(point.Tags.Count + 1) { new(Labels.MetricName, name) };
        foreach (TagToken tag in point.Tags)
            labels.Add(new Label(tag.Key.Text(body, LineProtocolReader.KeyEscapes), tag.Value.Text(body, LineProtocolReader.KeyEscapes)));
        return Labels.Of(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(labels));
    }
}
