using Metrics.Model;

namespace Metrics.Formats.Logs.Host;

/// <summary>Who somebody says to be, and from where they come: <c>NAME from SOURCE port N</c>.</summary>
/// <param name="user">The name, which may be anything.</param>
/// <param name="address">An address or a name.</param>
/// <param name="port">Empty where none is told.</param>
internal readonly ref struct SshdSource(ReadOnlySpan<byte> user, ReadOnlySpan<byte> address, ReadOnlySpan<byte> port)
{
    private readonly ReadOnlySpan<byte> _user = user;
    private readonly ReadOnlySpan<byte> _address = address;
    private readonly ReadOnlySpan<byte> _port = port;

    /// <summary>Splits a text at its last <c>from</c>.</summary>
    public static bool TrySplit(ReadOnlySpan<byte> text, out SshdSource source)
    {
        source = default;
        int from = text.LastIndexOf(" from "u8);
        // A client that sends no name leaves two blanks.
        if (from < 0 && !text.StartsWith("from "u8))
            return false;
        ReadOnlySpan<byte> behind = text[(from + 6)..];
        ReadOnlySpan<byte> address = behind.TakeWord();
        if (address.IsEmpty)
            return false;
        source = new SshdSource(from < 0 ? default : text[..from], address, behind.TryTake("port "u8) ? behind.TakeDigits() : default);
        return true;
    }

    /// <summary>
    /// Cuts off what a key or another host says of itself: whoever comes with a certificate chooses its id, and from another host the name
    /// of the user there. Of a plain key only type and fingerprint stand there.
    /// </summary>
    /// <returns>
    /// False where both the name and that text may hold the source: nobody can tell then. Those who are let in have a name that exists.
    /// </returns>
    public static bool TryCutKey(ReadOnlySpan<byte> text, ReadOnlySpan<byte> method, bool succeeded, out ReadOnlySpan<byte> who)
    {
        who = text;
        if (text.EndsWith(" ssh2"u8))
            return true;
        if (!method.StartsWith("publickey"u8) && !method.StartsWith("hostbased"u8))
        {
            int client = text.IndexOf(" ssh1: ruser "u8);
            who = client < 0 ? text : text[..client];
            return true;
        }
        int first = text.IndexOf(" ssh2: "u8), last = text.LastIndexOf(" ssh2: "u8);
        if (last < 0)
            return true;
        bool isPlain = text.LastIndexOf(" (serial "u8) < last && text.LastIndexOf(", client host \""u8) < last;
        who = text[..(isPlain ? last : first)];
        return isPlain || succeeded || first == last;
    }

    /// <summary>Sets the fields.</summary>
    public void CopyTo(LogRecord record)
    {
        record.Set(EventFields.UserName, _user);
        record.SetSource(_address);
        record.Set(EventFields.SourcePort, _port);
    }
}
