namespace Metrics.Formats.Logs.Audit;

/// <summary>Goes through the <c>key=value</c> of an audit record; words without <c>=</c> are passed over.</summary>
/// <remarks>
/// A value is <c>"text"</c> (it then holds neither blank nor quote), hexadecimal where the text would hold them, or a bare word; of
/// <c>msg='…'</c> and <c>SADDR={…}</c> it is what stands between. Old records put commas and parentheses around pairs. The byte 0x1d
/// begins what auditd has added: the same fields again with names for numbers (<c>UID="root"</c>).
/// https://github.com/linux-audit/audit-documentation/wiki/SPEC-Writing-Good-Events
/// </remarks>
internal ref struct AuditPairs(ReadOnlySpan<byte> text)
{
    private const byte EnrichmentMark = 0x1d;

    private ReadOnlySpan<byte> _rest = text;

    private static ReadOnlySpan<byte> Separators => " \x1d\n"u8;

    /// <summary>Goes to the next pair.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="value">Its value, with its quotes where it is in double ones.</param>
    public bool Next(out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value)
    {
        value = default;
        while (true)
        {
            key = default;
            int at = _rest.IndexOfAny((byte)'=', (byte)' ', EnrichmentMark);
            if (at < 0)
                return false;
            key = _rest[..at].TrimStart((byte)'(');
            bool isPair = _rest[at] == '=';
            _rest = _rest[(at + 1)..];
            if (isPair)
                break;
        }
        value = TakeValue(key.SequenceEqual("op"u8));
        return true;
    }

    private ReadOnlySpan<byte> TakeValue(bool mayBeSeveralWords)
    {
        if (_rest.IsEmpty)
            return default;
        switch (_rest[0])
        {
            case (byte)'"':
                int quote = _rest[1..].IndexOf((byte)'"');
                return Take(quote < 0 ? _rest.Length : quote + 2);
            case (byte)'\'':
                // What programs write may hold this quote: the last one ends it. It may be missing where the record was cut.
                int mark = _rest.IndexOf(EnrichmentMark);
                int last = (mark < 0 ? _rest : _rest[..mark]).LastIndexOf((byte)'\'');
                return Take(last <= 0 ? _rest.Length : last + 1)[1..].TrimEnd((byte)'\'');
            case (byte)'{':
                int brace = _rest.IndexOf((byte)'}');
                return Take(brace < 0 ? _rest.Length : brace + 1);
            default:
                int end = _rest.IndexOfAny(Separators);
                int length = end < 0 ? _rest.Length : end;
                ReadOnlySpan<byte> word = Take(mayBeSeveralWords ? Math.Max(length, WordsLength()) : length).TrimEnd(", "u8);
                return word.Contains((byte)'(') ? word : word.TrimEnd((byte)')');
        }
    }

    private ReadOnlySpan<byte> Take(int length)
    {
        ReadOnlySpan<byte> taken = _rest[..length];
        _rest = _rest[length..];
        return taken;
    }

    /// <summary>What was done is told in several words, up to the next key: <c>op=adding user id=1001</c>.</summary>
    private readonly int WordsLength()
    {
        int end = _rest.IndexOfAny((byte)'=', EnrichmentMark);
        return end < 0 ? _rest.Length : _rest[end] == '=' ? _rest[..end].LastIndexOf((byte)' ') : end;
    }
}
