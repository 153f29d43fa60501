using System.Buffers.Binary;
using System.Net.Http.Headers;
using System.Text;

namespace Metrics.Benchmarks;

/// <summary>
/// Sends samples to Prometheus by its remote write protocol; snappy with literals alone, for time on the wire is not what is measured.
/// </summary>
/// <remarks>
/// https://prometheus.io/docs/specs/prw/remote_write_spec/ and https://github.com/google/snappy/blob/main/format_description.txt
/// </remarks>
internal sealed class RemoteWrite(HttpClient http, Uri url)
{
    private readonly MemoryStream _request = new();

    /// <summary>Adds one series and its samples to the request.</summary>
    public void Add(IEnumerable<(string Name, string Value)> labels, IEnumerable<(long Time, double Value)> samples)
    {
        var series = new MemoryStream();
        foreach ((string name, string value) in labels.OrderBy(l => l.Name, StringComparer.Ordinal))
        {
            var label = new MemoryStream();
            WriteBytes(label, 1, Encoding.UTF8.GetBytes(name));
            WriteBytes(label, 2, Encoding.UTF8.GetBytes(value));
            WriteBytes(series, 1, label.ToArray());
        }
        Span<byte> number = stackalloc byte[8];
        foreach ((long time, double value) in samples)
        {
            var sample = new MemoryStream(20);
            sample.WriteByte((1 << 3) | 1);
            BinaryPrimitives.WriteDoubleLittleEndian(number, value);
            sample.Write(number);
            sample.WriteByte(2 << 3);
            WriteVarint(sample, (ulong)time);
            WriteBytes(series, 2, sample.ToArray());
        }
        WriteBytes(_request, 1, series.ToArray());
    }

    public async Task SendAsync()
    {
        using var content = new ByteArrayContent(Snappy(_request.ToArray()));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
        content.Headers.ContentEncoding.Add("snappy");
        content.Headers.Add("X-Prometheus-Remote-Write-Version", "0.1.0");
        using HttpResponseMessage answer = await http.PostAsync(url, content);
        if (!answer.IsSuccessStatusCode)
            throw new InvalidOperationException(await answer.Content.ReadAsStringAsync());
        _request.SetLength(0);
    }

    private static byte[] Snappy(byte[] plain)
    {
        var packed = new MemoryStream(plain.Length + (plain.Length / 10_000) + 16);
        WriteVarint(packed, (ulong)plain.Length);
        for (int at = 0; at < plain.Length; at += 65_536)
        {
            int length = Math.Min(65_536, plain.Length - at);
            packed.WriteByte(61 << 2);
            packed.WriteByte((byte)(length - 1));
            packed.WriteByte((byte)((length - 1) >> 8));
            packed.Write(plain, at, length);
        }
        return packed.ToArray();
    }

    private static void WriteBytes(MemoryStream to, int field, byte[] bytes)
    {
        to.WriteByte((byte)((field << 3) | 2));
        WriteVarint(to, (ulong)bytes.Length);
        to.Write(bytes);
    }

    private static void WriteVarint(MemoryStream to, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
            to.WriteByte((byte)(value | 0x80));
        to.WriteByte((byte)value);
    }
}
