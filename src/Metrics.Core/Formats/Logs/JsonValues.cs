using Metrics.Text;

namespace Metrics.Formats.Logs;

/// <summary>Sets fields of a record from values of JSON as they are written (<see cref="JsonMembers.Value"/>).</summary>
/// <param name="record">Gets the fields.</param>
/// <param name="scratch">Where escapes are taken out to; longer values with escapes are left out.</param>
internal readonly ref struct JsonValues(LogRecord record, Span<byte> scratch)
{
    private readonly Span<byte> _scratch = scratch;

    /// <summary>Sets a field; nothing for <c>null</c>, objects and arrays.</summary>
    public void Set(string field, ReadOnlySpan<byte> value) => record.Set(field, TextOf(value));

    /// <summary>The characters of a value; good until the next is asked for.</summary>
    public ReadOnlySpan<byte> TextOf(ReadOnlySpan<byte> value) => JsonMembers.TextOf(value, _scratch);
}
