using System.Net;
using System.Text;
using Metrics.Model;

namespace Metrics.Formats.Logs;

/// <summary>
/// For whom a request was forwarded, as the client and the proxies between have said it: <c>X-Forwarded-For</c>, <c>Forwarded</c>. Each
/// proxy puts behind it from whom it has the request, so that the nearest stands last; whatever stands before may be made up. Read from
/// behind, without regard to quotes: one that the client has left open hides nothing that a proxy has written.
/// </summary>
/// <remarks>
/// <code>
/// 203.0.113.66, a"b, garbage,, unknown, 127.0.7.1
/// for="_hidden";proto=https, for="[2001:db8::66]:4711"          with quotes also as \" (Apache), \x22 (nginx), #22 (HAProxy)
/// </code>
/// https://www.rfc-editor.org/rfc/rfc7239
/// </remarks>
public static class ForwardedChain
{
    /// <summary>Bytes of a chain that are kept, the nearest: clients may send thousands.</summary>
    private const int MaxLength = 2048;

    /// <summary>A quote as it is, and as Apache, nginx and HAProxy write it.</summary>
    private static readonly ReadOnlyMemory<byte>[] s_quotes =
        ["\""u8.ToArray(), "\\\""u8.ToArray(), "\\x22"u8.ToArray(), "#22"u8.ToArray()];

    /// <summary>
    /// Who it was: the nearest that is not trusted, since only what the trusted have written is true; the farthest where all are trusted.
    /// </summary>
    /// <param name="chain">The chain, without the one who has connected, UTF-8.</param>
    /// <param name="isTrusted">Whether an address is a proxy's that says the truth of whom it has the request from.</param>
    /// <returns>Null where nobody says, or a proxy does not know it, or hides it.</returns>
    public static IPAddress? OriginOf(ReadOnlySpan<byte> chain, Func<IPAddress, bool> isTrusted)
    {
        // What was cut at its end has lost what alone is true.
        if (chain.Length >= EventBounds.MaxValueLength)
            return null;
        IPAddress? farthest = null;
        while (TryTakeNearest(ref chain, out ReadOnlySpan<byte> element))
        {
            if (!TryAddress(element, out ReadOnlySpan<byte> text) || !IPAddress.TryParse(text, out IPAddress? address))
                return null;
            farthest = address;
            if (!isTrusted(address))
                break;
        }
        return farthest;
    }

    /// <summary>
    /// Sets from where a request came, as servers tell it that put a chain in the place of an address: <c>source.ip</c> is the nearest,
    /// <c>source.forwarded</c> what stands before it.
    /// </summary>
    internal static void SetForwardedSource(this LogRecord record, ReadOnlySpan<byte> chain)
    {
        ReadOnlySpan<byte> rest = chain;
        if (!TryTakeNearest(ref rest, out ReadOnlySpan<byte> nearest))
            return;
        if (TryAddress(nearest, out ReadOnlySpan<byte> address))
        {
            record.Set(EventFields.SourceIp, address);
            record.SetForwarded(rest);
        }
        else if (rest.IsEmpty)
        {
            record.SetSource(nearest);
        }
        else
        {
            record.SetForwarded(chain);
        }
    }

    /// <summary>Sets <c>source.forwarded</c>.</summary>
    internal static void SetForwarded(this LogRecord record, ReadOnlySpan<byte> chain)
    {
        if (chain.Length > MaxLength)
        {
            chain = chain[^MaxLength..];
            chain = chain[(chain.IndexOf((byte)',') + 1)..];
        }
        record.Set(EventFields.SourceForwarded, chain.Trim(", "u8));
    }

    /// <summary>
    /// Whether a text may be a chain: the nearest is an address, or says that it is none (<c>unknown</c>, <c>for=_x</c>).
    /// </summary>
    internal static bool IsChain(ReadOnlySpan<byte> text) =>
        TryTakeNearest(ref text, out ReadOnlySpan<byte> nearest)
        && (TryAddress(nearest, out _) || nearest.SequenceEqual("unknown"u8) || TryFor(nearest, out _));

    /// <summary>Takes the words of a chain off the start, which end with a comma each but for the last.</summary>
    internal static ReadOnlySpan<byte> TakeChain(this scoped ref ReadOnlySpan<byte> rest)
    {
        ReadOnlySpan<byte> all = rest;
        ReadOnlySpan<byte> word = rest.TakeWord();
        int length = word.Length;
        while (word.EndsWith(","u8) && !rest.IsEmpty)
        {
            word = rest.TakeWord();
            length += 1 + word.Length;
        }
        return all[..length];
    }

    /// <summary>Takes the last element off; empty ones are none.</summary>
    private static bool TryTakeNearest(scoped ref ReadOnlySpan<byte> chain, out ReadOnlySpan<byte> element)
    {
        chain = chain.TrimEnd(", \t"u8);
        int comma = chain.LastIndexOf((byte)',');
        element = chain[(comma + 1)..].TrimStart(" \t"u8);
        chain = comma < 0 ? default : chain[..comma].TrimEnd(", \t"u8);
        return !element.IsEmpty;
    }

    /// <summary>The address of an element: with or without port, brackets, quotes; that of IPv4 where one of IPv6 holds it.</summary>
    private static bool TryAddress(ReadOnlySpan<byte> element, out ReadOnlySpan<byte> address)
    {
        address = Unquoted(TryFor(element, out ReadOnlySpan<byte> node) ? node : element);
        if (address.StartsWith("["u8))
        {
            int end = address.IndexOf((byte)']');
            if (end < 0 || !IsPort(address[(end + 1)..]))
                return false;
            address = address[1..end];
        }
        else if (address.Count((byte)':') == 1)
        {
            int colon = address.IndexOf((byte)':');
            if (!IsPort(address[colon..]))
                return false;
            address = address[..colon];
        }
        if (address.StartsWith("::ffff:"u8) && address.Contains((byte)'.'))
            address = address[7..];
        return LogText.IsAddress(address);
    }

    /// <summary>Nothing, or a port: a number, or one that hides it (<c>:_x</c>).</summary>
    private static bool IsPort(ReadOnlySpan<byte> text) =>
        text.IsEmpty || (text.Length > 1 && text[0] == ':' && (text[1] == '_' || LogText.IsNumber(text[1..])));

    /// <summary>The value of <c>for=</c> among the pairs of an element of <c>Forwarded</c>.</summary>
    private static bool TryFor(ReadOnlySpan<byte> element, out ReadOnlySpan<byte> node)
    {
        node = default;
        while (!element.IsEmpty)
        {
            int end = element.IndexOf((byte)';');
            ReadOnlySpan<byte> pair = (end < 0 ? element : element[..end]).Trim(" \t"u8);
            element = end < 0 ? default : element[(end + 1)..];
            int equals = pair.IndexOf((byte)'=');
            if (equals != 3 || !Ascii.EqualsIgnoreCase(pair[..3], "for"u8))
                continue;
            node = pair[4..];
            return true;
        }
        return false;
    }

    /// <summary>Without the quotes around it, as they are or as servers escape them.</summary>
    private static ReadOnlySpan<byte> Unquoted(ReadOnlySpan<byte> text)
    {
        foreach (ReadOnlyMemory<byte> quote in s_quotes)
        {
            if (text.Length >= 2 * quote.Length && text.StartsWith(quote.Span) && text.EndsWith(quote.Span))
                return text[quote.Length..^quote.Length];
        }
        return text;
    }
}
