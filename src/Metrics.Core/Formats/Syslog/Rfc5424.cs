namespace Metrics.Formats.Syslog;

/// <summary>RFC 5424 behind its priority: <c>VERSION SP TIMESTAMP SP HOST SP APP SP PROCID SP MSGID SP SD [SP MSG]</c>.</summary>
/// <remarks>Lengths are not held against the sender: many send longer names than the RFC allows.</remarks>
internal static class Rfc5424
{
    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>Reads a message that begins with a version and a time; false leaves <paramref name="message"/> as it was.</summary>
    public static bool TryRead(ReadOnlySpan<byte> text, TimeZoneInfo zone, scoped ref SyslogMessage message)
    {
        int version = VersionLength(text);
        if (version == 0)
            return false;
        ReadOnlySpan<byte> rest = text[(version + 1)..];
        ReadOnlySpan<byte> stamp = TakeToken(ref rest);
        if (!LooksLikeTime(stamp))
            return false;
        message.Form = SyslogForm.Rfc5424;
        if (!IsNil(stamp))
        {
            message.TimeState = SyslogTime.ReadInternet(stamp, zone, out long time, out int length);
            if (message.TimeState != SyslogTimeState.Given || length != stamp.Length)
                message.TimeState = SyslogTimeState.Malformed;
            else
                message.Time = time;
        }
        message.Host = Named(TakeToken(ref rest));
        message.App = Named(TakeToken(ref rest));
        message.ProcessId = Named(TakeToken(ref rest));
        message.MessageId = Named(TakeToken(ref rest));
        ReadTail(rest, ref message);
        return true;
    }

    private static void ReadTail(ReadOnlySpan<byte> rest, scoped ref SyslogMessage message)
    {
        int length = !rest.IsEmpty && rest[0] == '-' ? 1 : StructuredDataReader.Measure(rest);
        if (length == 0 || (length < rest.Length && rest[length] != ' '))
        {
            message.IsBroken = true;
            message.Body = rest;
            return;
        }
        if (rest[0] == '[')
            message.StructuredData = rest[..length];
        ReadOnlySpan<byte> body = length < rest.Length ? rest[(length + 1)..] : default;
        message.Body = body.StartsWith(ByteOrderMark) ? body[ByteOrderMark.Length..] : body;
    }

    /// <summary>Digits of the version (1 to 999) where a blank follows; 0 when this is none.</summary>
    private static int VersionLength(ReadOnlySpan<byte> text)
    {
        int at = 0;
        while (at < text.Length && at < 3 && char.IsAsciiDigit((char)text[at]))
            at++;
        return at > 0 && text[0] != '0' && at < text.Length && text[at] == ' ' ? at : 0;
    }

    private static bool LooksLikeTime(ReadOnlySpan<byte> token) =>
        IsNil(token) || (token.Length > 4 && token[4] == '-' && !token[..4].ContainsAnyExceptInRange((byte)'0', (byte)'9'));

    private static bool IsNil(ReadOnlySpan<byte> token) => token.Length == 1 && token[0] == '-';

    private static ReadOnlySpan<byte> Named(ReadOnlySpan<byte> token) => IsNil(token) ? default : token;

    private static ReadOnlySpan<byte> TakeToken(scoped ref ReadOnlySpan<byte> rest)
    {
        int end = rest.IndexOf((byte)' ');
        ReadOnlySpan<byte> token = end < 0 ? rest : rest[..end];
        rest = end < 0 ? default : rest[(end + 1)..];
        return token;
    }
}
