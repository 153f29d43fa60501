using System.Buffers;
using System.Globalization;
using System.Text;
using Metrics.Formats;
using Metrics.Formats.PrometheusText;
using Metrics.Model;

namespace Metrics.Pollers.Scrape;

/// <summary>
/// Scrapes one Prometheus or OpenMetrics endpoint. The body is parsed as it comes in, a line at a time; a bad line, or more than a limit
/// allows, fails the scrape as a whole. A series that was seen before costs a comparison of its bytes: no parsing, no allocation.
/// </summary>
/// <remarks>https://prometheus.io/docs/instrumenting/exposition_formats/ and the scrape rules of Prometheus.</remarks>
internal sealed class ScrapePoller(ScrapeJob job, HttpMessageInvoker http, Uri url, TimeSpan timeout, TimeProvider time) : IPoller
{
    private const int BufferSize = 128 * 1024;
    private const int MaxLineBytes = 1024 * 1024;

    private readonly Dictionary<byte[], TargetSeries.Entry> _byText = new(Intake.ByteKey.Comparer);
    private readonly List<Label> _labels = [];
    private TargetSeries.Entry? _previous;
    private TargetSeries.Entry? _first;

    /// <summary>Samples that the last scrape read, those that relabelling drops included.</summary>
    public int LastSamples { get; private set; }

    /// <summary>Those of them that relabelling left.</summary>
    private int _kept;

    public async ValueTask PollAsync(SampleSink sink, CancellationToken ct)
    {
        using HttpRequestMessage request = await CreateRequestAsync(ct);
        using HttpResponseMessage response = await http.SendAsync(request, ct);
        if (!response.IsSuccessStatusCode)
            throw new HttpRequestException(
                string.Create(
                CultureInfo.InvariantCulture, $"server returned HTTP status {(int)response.StatusCode} {response.ReasonPhrase}"));
        ExpositionFormat format = job.Protocols.FormatOf(response.Content.Headers.ContentType?.MediaType);
        Stream body = await response.Content.ReadAsStreamAsync(ct);
        await ReadAsync(body, format, sink, ct);
    }

    /// <summary>Reads an exposition to its end.</summary>
    /// <exception cref="FormatException">A line is wrong, or a limit was met; nothing of the scrape should be kept.</exception>
    internal async Task ReadAsync(Stream body, ExpositionFormat format, SampleSink sink, CancellationToken ct)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        int length = 0, line = 0;
        long total = 0;
        bool ended = false;
        LastSamples = _kept = 0;
        _previous = null;
        sink.Series.OnForgotten = Forget;
        try
        {
            while (true)
            {
                int read = await body.ReadAsync(buffer.AsMemory(length), ct);
                total += read;
                if (total > job.Limits.BodyBytes)
                    throw new FormatException(
                        string.Create(
                        CultureInfo.InvariantCulture, $"the body is larger than body_size_limit ({job.Limits.BodyBytes} bytes)"));
                length += read;
                int used = ReadLines(buffer.AsSpan(0, length), atEnd: read == 0, format, sink, ref line, ref ended);
                if (read == 0)
                    break;
                buffer.AsSpan(used, length - used).CopyTo(buffer);
                length -= used;
                if (length == buffer.Length)
                    buffer = Grow(buffer, line + 1);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            (sink.Given, sink.Kept) = (LastSamples, _kept);
        }
        if (format == ExpositionFormat.OpenMetrics && !ended)
            throw new FormatException("the body does not end with # EOF");
        if (_kept > job.Limits.Samples)
        {
            throw new FormatException(
                string.Create(CultureInfo.InvariantCulture, $"{_kept} samples, more than sample_limit ({job.Limits.Samples})"));
        }
    }

    public override string ToString() => Configuration.ShownUrl.Of(url);

    /// <summary>Forgets a series that has not been seen for long.</summary>
    private void Forget(TargetSeries.Entry entry)
    {
        if (entry.Text.Length > 0)
            _byText.Remove(entry.Text);
        if (ReferenceEquals(entry, _first))
            _first = null;
    }

    private int ReadLines(ReadOnlySpan<byte> text, bool atEnd, ExpositionFormat format, SampleSink sink, ref int line, ref bool ended)
    {
        int start = 0;
        while (start < text.Length)
        {
            int step = text[start..].IndexOf((byte)'\n');
            if (step < 0 && !atEnd)
                break;
            ReadOnlySpan<byte> one = step < 0 ? text[start..] : text.Slice(start, step);
            line++;
            if (ended)
                throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"line {line}: text after # EOF"));
            if (!TryReadLine(one, format, sink, ref ended, out ParseFault fault))
                throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"line {line}: {fault}: {Excerpt(one)}"));
            start += one.Length + 1;
        }
        return Math.Min(start, text.Length);
    }

    private bool TryReadLine(ReadOnlySpan<byte> line, ExpositionFormat format, SampleSink sink, ref bool ended, out ParseFault fault)
    {
        TargetSeries.Entry? entry = _previous is null ? _first : _previous.Next;
        if (entry is not null && line.StartsWith(entry.Text) && Ends(line, entry.Text.Length))
            return TryTake(entry, line, format, sink, out fault);

        byte first = format == ExpositionFormat.Text ? FirstVisible(line) : line.IsEmpty ? (byte)0 : line[0];
        if (first == '#')
            return TryReadMetadata(line, format, sink, ref ended, out fault);
        if (first == 0 && format == ExpositionFormat.Text && line.TrimStart(" \t"u8).IsEmpty)
        {
            fault = default;
            return true;
        }
        int measured = SeriesText.Measure(line);
        if (measured > 0 && _byText.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(line[..measured], out entry))
            return TryTake(entry, line, format, sink, out fault);
        if (!SeriesText.TryRead(line, format, _labels, out int length, out fault))
            return false;
        // Read the rest first: a series whose value is wrong is not worth remembering.
        if (!SampleValue.TryRead(line[length..], format, line[length - 1] == '}', out _, out _, out fault))
        {
            fault = fault with { Offset = fault.Offset + length };
            return false;
        }
        return TryAdd(line[..length], sink, out entry, out fault)
            && (entry is null || TryTake(entry, line, format, sink, out fault));
    }

    private bool TryTake(TargetSeries.Entry entry, ReadOnlySpan<byte> line, ExpositionFormat format, SampleSink sink, out ParseFault fault)
    {
        int length = entry.Text.Length;
        if (!SampleValue.TryRead(line[length..], format, entry.Text[^1] == '}', out SampleValue sample, out _, out fault))
        {
            fault = fault with { Offset = fault.Offset + length };
            return false;
        }
        if (_previous is null)
            _first = entry;
        else
            _previous.Next = entry;
        _previous = entry;
        LastSamples++;
        if (entry.Labels is not null && ++_kept > job.Limits.Samples)
            return true;
        bool ownTime = sample.HasTime && job.HonorTimestamps;
        bool repeated = sink.Series.IsSeen(entry) && !ownTime;
        sink.Series.MarkSeen(entry, ownTime && !job.TracksStaleness);
        // The same series twice without times: the first counts, as in Prometheus.
        if (entry.Labels is not null && !repeated)
            sink.Batch.Add(entry.Labels, ownTime ? sample.Time : sink.Time, sample.Value);
        return true;
    }

    /// <param name="text">How the page writes the series.</param>
    /// <param name="sink">Whose series it becomes.</param>
    /// <param name="entry">What is remembered of it; null when there is no memory for that: the others of the page go on.</param>
    /// <param name="fault">What is wrong with it.</param>
    private bool TryAdd(ReadOnlySpan<byte> text, SampleSink sink, out TargetSeries.Entry? entry, out ParseFault fault)
    {
        fault = default;
        entry = null;
        if (!Labels.TryCreate(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_labels), out Labels? own, out string? repeated))
        {
            fault = new ParseFault($"the label '{repeated}' is given twice", 0);
            return false;
        }
        Labels? stored = job.ToStored(own!, sink.Series.TargetLabels);
        if (stored is not null && job.Limits.RefusalOf(stored) is { } refusal)
        {
            fault = new ParseFault(refusal, 0);
            return false;
        }
        // Of more than may be nothing is remembered: how many there are is said at the end.
        if (stored is not null && _kept >= job.Limits.Samples)
        {
            LastSamples++;
            _kept++;
            return true;
        }
        if (stored is not null && !sink.HasRoomFor(stored))
            return true;
        byte[] kept = text.ToArray();
        entry = sink.Series.Add(kept, stored);
        _byText[kept] = entry;
        return true;
    }

    private static bool TryReadMetadata(
        ReadOnlySpan<byte> line, ExpositionFormat format, SampleSink sink, ref bool ended, out ParseFault fault)
    {
        if (!MetadataLine.TryRead(line, format, out MetadataLine told, out fault))
            return false;
        switch (told.Kind)
        {
            case LineKind.Eof:
                ended = true;
                break;
            case LineKind.Help or LineKind.Type or LineKind.Unit:
                Describe(told, format, sink);
                break;
        }
        return true;
    }

    private static void Describe(MetadataLine told, ExpositionFormat format, SampleSink sink)
    {
        MetricMetadata before = sink.Series.Metadata(told.Name) ?? new MetricMetadata(MetricType.Unknown, "");
        MetricMetadata after = before;
        if (told.Kind == LineKind.Help)
            after = before with { Help = told.Text };
        else if (told.Kind == LineKind.Unit)
            after = before with { Unit = told.Text };
        else if (MetadataLine.TryReadType(told.Text, format, out MetricType type))
            after = before with { Type = type };
        if (sink.Series.IsNewMetadata(told.Name, after))
            sink.Batch.Describe(told.Name, after);
    }

    /// <summary>Whether the series part really ends where the remembered one does, and is not the start of a longer one.</summary>
    private static bool Ends(ReadOnlySpan<byte> line, int length)
    {
        if (length == 0)
            return false;
        if (line[length - 1] == '}')
            return true;
        if (length >= line.Length || !SeriesText.IsBlank(line[length]))
            return false;
        ReadOnlySpan<byte> rest = line[length..].TrimStart(" \t"u8);
        return rest is not [(byte)'{', ..];
    }

    private static byte FirstVisible(ReadOnlySpan<byte> line)
    {
        foreach (byte b in line)
        {
            if (!SeriesText.IsBlank(b))
                return b;
        }
        return 0;
    }

    private static byte[] Grow(byte[] buffer, int line)
    {
        if (buffer.Length >= MaxLineBytes)
            throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"line {line} is longer than {MaxLineBytes} bytes"));
        byte[] grown = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
        buffer.CopyTo(grown, 0);
        ArrayPool<byte>.Shared.Return(buffer);
        return grown;
    }

    private static string Excerpt(ReadOnlySpan<byte> line) =>
        Encoding.UTF8.GetString(line.Length > 80 ? line[..80] : line) + (line.Length > 80 ? "…" : "");

    private async Task<HttpRequestMessage> CreateRequestAsync(CancellationToken ct)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, url) { Version = System.Net.HttpVersion.Version11 };
        request.Headers.TryAddWithoutValidation("Accept", job.Protocols.Accept);
        request.Headers.TryAddWithoutValidation("User-Agent", Telemetry.VersionText.UserAgent);
        request.Headers.TryAddWithoutValidation("X-Prometheus-Scrape-Timeout-Seconds",
            timeout.TotalSeconds.ToString(CultureInfo.InvariantCulture));
        await job.Access.SignAsync(request, time, ct);
        return request;
    }
}
