using Metrics.Model;

namespace Metrics.Formats.Logs.OpenStack;

/// <summary>What oslo.log writes in brackets behind the logger: the request, who has made it, and the instance that it is about.</summary>
/// <remarks>
/// <code>
/// [-]
/// [req-R USER PROJECT]                                              before 2014
/// [req-R USER PROJECT DOMAIN USER_DOMAIN PROJECT_DOMAIN]
/// [req-GLOBAL req-R USER PROJECT DOMAIN SYSTEM_SCOPE USER_DOMAIN PROJECT_DOMAIN]      None for no global request
/// [instance: UUID]
/// </code>
/// A part that is missing is <c>-</c> or <c>None</c>. devstack writes names of project and user, in the one order or the other: those are
/// passed over.
/// </remarks>
internal static class OsloContext
{
    private const int MaxLength = 512;
    private const int MaxParts = 9;

    /// <summary>Takes it off, with the blank behind it.</summary>
    public static void TryTake(scoped ref ReadOnlySpan<byte> rest, LogRecord record)
    {
        if (rest.StartsWith("[-] "u8))
            rest = rest[4..];
        else if (rest.StartsWith("[req-"u8) || rest.StartsWith("[None req-"u8) || rest.StartsWith("[- "u8))
            TakeRequest(ref rest, record);
        if (!rest.StartsWith("[instance: "u8))
            return;
        ReadOnlySpan<byte> behind = rest[11..];
        if (!LogText.TryTakeUntil(ref behind, (byte)']', out ReadOnlySpan<byte> instance, 64))
            return;
        record.Set(EventFields.InstanceId, instance);
        rest = behind.TrimStart((byte)' ');
    }

    private static void TakeRequest(ref ReadOnlySpan<byte> rest, LogRecord record)
    {
        ReadOnlySpan<byte> behind = rest[1..];
        if (!LogText.TryTakeUntil(ref behind, (byte)']', out ReadOnlySpan<byte> inner, MaxLength))
            return;
        rest = behind.TrimStart((byte)' ');
        Span<Range> parts = stackalloc Range[MaxParts];
        int count = Split(inner, parts);
        if (count == 0)
            return;
        int first = 1;
        if (count > 1 && IsRequest(inner[parts[1]]))
        {
            Set(EventFields.GlobalRequestId, inner[parts[0]], record);
            Set(EventFields.RequestId, inner[parts[1]], record);
            first = 2;
        }
        else if (IsRequest(inner[parts[0]]))
        {
            Set(EventFields.RequestId, inner[parts[0]], record);
        }
        SetWho(inner, parts[first..Math.Max(first, count)], record);
    }

    private static void SetWho(ReadOnlySpan<byte> inner, ReadOnlySpan<Range> who, LogRecord record)
    {
        if (who.Length is not (2 or 5 or 6))
            return;
        ReadOnlySpan<byte> user = inner[who[0]], project = inner[who[1]];
        if (who.Length == 2 && !(IsId(user) && IsId(project)))
            return;
        Set(EventFields.UserId, user, record);
        Set(EventFields.ProjectId, project, record);
        if (who.Length > 2)
            Set(EventFields.UserDomain, inner[who[^2]], record);
    }

    private static int Split(ReadOnlySpan<byte> text, Span<Range> parts)
    {
        int count = 0;
        for (int at = 0; at < text.Length && count < parts.Length; count++)
        {
            int length = text[at..].IndexOf((byte)' ');
            int end = length < 0 ? text.Length : at + length;
            parts[count] = at..end;
            at = end + 1;
        }
        return count;
    }

    private static bool IsRequest(ReadOnlySpan<byte> part) => part.StartsWith("req-"u8);

    private static bool IsId(ReadOnlySpan<byte> part)
    {
        if (part.Length is not (32 or 36 or 64))
            return false;
        foreach (byte c in part)
        {
            if (!char.IsAsciiHexDigit((char)c) && c != '-')
                return false;
        }
        return true;
    }

    private static void Set(string field, ReadOnlySpan<byte> part, LogRecord record)
    {
        if (!part.SequenceEqual("-"u8) && !part.SequenceEqual("None"u8))
            record.Set(field, part);
    }
}
