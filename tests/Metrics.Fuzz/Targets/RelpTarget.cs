using System.Globalization;
using System.Text;
using Metrics.Formats.Syslog;

namespace Metrics.Fuzz;

/// <summary>A stream of RELP: however the network parts it, it holds the same commands.</summary>
internal static class RelpTarget
{
    private const int MaxLength = 64;

    public static void Try(ReadOnlyMemory<byte> input) => FuzzException.IfNotEqual(
        Read(input.Span, Math.Max(1, input.Length)), Read(input.Span, 1), "a stream whole and byte by byte");

    private static string Read(ReadOnlySpan<byte> input, int step)
    {
        var commands = new StringBuilder();
        var reader = new RelpReader(MaxLength);
        int taken = 0;
        for (int end = 0; end < input.Length;)
        {
            end = Math.Min(end + step, input.Length);
            ReadOnlySpan<byte> rest = input[taken..end];
            FrameResult result;
            while ((result = reader.Read(ref rest, out RelpFrame frame)) == FrameResult.Frame)
            {
                string command = Encoding.Latin1.GetString(frame.Command), data = Encoding.Latin1.GetString(frame.Data);
                commands.Append(CultureInfo.InvariantCulture, $"{frame.Transaction} {command} {data} {frame.WasCut}\n");
            }
            if (result == FrameResult.Invalid)
                return commands.Append("out of step").ToString();
            if (rest.Length > reader.MaxBuffered)
                throw new FuzzException($"{rest.Length} bytes are left to the caller; the most are {reader.MaxBuffered}");
            taken = end - rest.Length;
        }
        return commands.ToString();
    }
}
