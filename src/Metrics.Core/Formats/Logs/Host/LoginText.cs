using System.Globalization;
using System.Text;

namespace Metrics.Formats.Logs.Host;

/// <summary>A record of wtmp as <c>utmpdump</c> prints it, so that it is stored as a text that people know.</summary>
/// <remarks>https://github.com/util-linux/util-linux/blob/master/login-utils/utmpdump.c</remarks>
internal static class LoginText
{
    /// <summary>The text; of bytes that are no record it says so.</summary>
    public static string Of(byte[] entry)
    {
        Span<byte> room = stackalloc byte[64];
        if (!LoginRecords.TryRead(entry, room, out LoginEntry login))
            return $"bytes that are no record of utmp: {Convert.ToHexStringLower(entry)}";
        string address = login.Address.IsEmpty ? "0.0.0.0" : Text(login.Address);
        DateTime at = DateTime.UnixEpoch.AddTicks(login.Time / 100);
        return string.Create(CultureInfo.InvariantCulture,
            $"[{(int)login.Type}] [{login.ProcessId:00000}] [{Text(login.Id),-4}] [{Text(login.User),-8}] [{Text(login.Line),-12}] "
            + $"[{Text(login.Host),-20}] [{address,-15}] [{at:yyyy-MM-ddTHH:mm:ss,ffffff}+00:00]");
    }

    /// <summary>As utmpdump: what cannot be printed is a question mark, and brackets do not end a field early.</summary>
    private static string Text(ReadOnlySpan<byte> field)
    {
        var text = new StringBuilder(field.Length);
        foreach (byte c in field)
            text.Append(c is < 0x20 or > 0x7E or (byte)'[' or (byte)']' ? '?' : (char)c);
        return text.ToString();
    }
}
