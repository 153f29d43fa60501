using System.Buffers;
using System.Text;
using Metrics.Formats.Forward;
using Metrics.Model;

namespace Metrics.Fuzz;

/// <summary>What a node sends: what is written of an event that was taken is taken again, as the same.</summary>
internal static class ForwardTarget
{
    private const long Now = 1_795_000_000_000_000_000;

    public static void Try(ReadOnlyMemory<byte> input)
    {
        ForwardHeader.TryRead(input.Span, out _, out _);
        ForwardAnswer.TryRead(input.Span);
        using var batch = new EventBatch("fuzz");
        if (new ForwardRows().Read(input.Span, 0, Now, batch, out long id) is not null || id <= 0)
            return;
        string written = Write(batch);
        using var again = new EventBatch("fuzz");
        if (new ForwardRows().Read(Encoding.UTF8.GetBytes(written), -1, Now, again, out _) is { } fault)
            throw new FuzzException($"what was written is refused: it {fault}: {written}");
        FuzzException.IfNotEqual(written, Write(again), "an event is another when it is written and read");
    }

    private static string Write(EventBatch batch)
    {
        var line = new ArrayBufferWriter<byte>();
        ForwardRows.Write(batch, 0, line);
        return Encoding.UTF8.GetString(line.WrittenSpan);
    }
}
