using System.Text;
using Metrics.Formats.Syslog;

namespace Metrics.Fuzz;

/// <summary>A stream of syslog messages: however the network parts it, it holds the same messages.</summary>
internal static class SyslogStreamTarget
{
    private const int MaxLength = 64;

    public static void Try(ReadOnlyMemory<byte> input)
    {
        foreach (SyslogFraming framing in Enum.GetValues<SyslogFraming>())
        {
            string whole = Read(framing, input.Span, Math.Max(1, input.Length));
            FuzzException.IfNotEqual(whole, Read(framing, input.Span, 1), $"{framing} whole and byte by byte");
        }
    }

    private static string Read(SyslogFraming framing, ReadOnlySpan<byte> input, int step)
    {
        var messages = new StringBuilder();
        var reader = new SyslogFrameReader(framing, MaxLength);
        int taken = 0;
        for (int end = 0; end < input.Length;)
        {
            end = Math.Min(end + step, input.Length);
            ReadOnlySpan<byte> rest = input[taken..end];
            FrameResult result;
            while ((result = reader.Read(ref rest, out ReadOnlySpan<byte> frame)) == FrameResult.Frame)
                messages.Append(Encoding.Latin1.GetString(frame)).Append(reader.WasCut ? " (cut)\n" : "\n");
            if (result == FrameResult.Invalid)
                return messages.Append("out of step").ToString();
            if (rest.Length > reader.MaxBuffered)
                throw new FuzzException($"{rest.Length} bytes are left to the caller; the most are {reader.MaxBuffered}");
            taken = end - rest.Length;
        }
        bool isTorn = reader.Finish(input[taken..], out ReadOnlySpan<byte> last);
        return messages.Append(isTorn ? "torn: " : "last: ").Append(Encoding.Latin1.GetString(last)).ToString();
    }
}
