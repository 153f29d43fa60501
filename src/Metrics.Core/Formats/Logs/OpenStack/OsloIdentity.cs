using Metrics.Model;

namespace Metrics.Formats.Logs.OpenStack;

/// <summary>What Keystone and Horizon log of those who prove who they are, or fail to.</summary>
/// <remarks>
/// <code>
/// Authorization failed. The request you have made requires authentication. from 192.0.2.7
/// Authorization failed. Could not find user: ann. (Disable insecure_debug mode to suppress these details.) from 192.0.2.7: keystone…
///   .Unauthorized: Could not find user: ann. (Disable …)                                    with the error, as newer oslo.log has it
/// User is disabled: 18b9…: AssertionError: User is disabled: 18b9…                          a line before the one that tells from where
/// Login successful for user "ann" using domain "Default", remote address 192.0.2.7.
/// Login failed for user "ann".                                                         before 2017
/// </code>
/// keystone/server/flask/application.py, keystone/exception.py, keystone/identity/core.py, openstack_auth/forms.py
/// </remarks>
internal static class OsloIdentity
{
    /// <summary>
    /// The longest that stands between a reason and the same reason again: an address and the name of an error. A client may have so much
    /// forwarded as the server takes of a header, which is 64 KiB at the most.
    /// </summary>
    private const int MaxBetween = EventBounds.MaxBodyLength;

    /// <summary>Reads a text of Keystone's.</summary>
    public static bool TryReadKeystone(ReadOnlySpan<byte> text, LogRecord record)
    {
        if (text.StartsWith("User is disabled: "u8))
        {
            record.Kind = EventKinds.IdentityAuthenticate;
            record.Set(EventFields.Outcome, "failure");
            record.Set(EventFields.Reason, text);
            SetUser(text, record);
            return true;
        }
        if (!LogText.TryTake(ref text, "Authorization failed. "u8))
            return false;
        int from = FromOf(text, out ReadOnlySpan<byte> source);
        if (from < 0)
            return false;
        ReadOnlySpan<byte> reason = text[..from];
        record.Kind = EventKinds.IdentityAuthenticate;
        record.Set(EventFields.Outcome, "failure");
        if (ForwardedChain.IsChain(source))
            record.SetForwardedSource(source);
        int hint = reason.LastIndexOf(" (Disable "u8);
        if (hint >= 0 && reason.EndsWith(" to suppress these details.)"u8))
            reason = reason[..hint];
        record.Set(EventFields.Reason, reason);
        SetUser(reason, record);
        if (IsLockout(reason))
            record.Kind = EventKinds.IdentityLockout;
        return true;
    }

    /// <summary>
    /// Whether a reason of Keystone's is that the account is locked: <c>The account is locked for user: 18b9….</c>, of old <c>Maximum
    /// number of 5 login attempts exceeded.</c> (lockout_failure_attempts)
    /// </summary>
    public static bool IsLockout(ReadOnlySpan<byte> reason) =>
        reason.StartsWith("The account is locked for user: "u8)
        || (reason.StartsWith("Maximum number of "u8) && reason.IndexOf(" login attempts exceeded"u8) > 0);

    /// <summary>Sets the user whom a reason of Keystone's names: by name where there is none of that name, else by id.</summary>
    public static void SetUser(ReadOnlySpan<byte> reason, LogRecord record)
    {
        if (LogText.TryTake(ref reason, "Could not find user: "u8))
            record.Set(EventFields.UserName, LogText.WithoutDot(reason));
        else if (LogText.TryTake(ref reason, "The account is locked for user: "u8)
            || LogText.TryTake(ref reason, "The account is disabled for user: "u8)
            || LogText.TryTake(ref reason, "User is disabled: "u8)
            || LogText.TryTake(ref reason, "The password is expired and needs to be changed for user: "u8)
            || LogText.TryTake(ref reason, "The password is expired and needs to be reset for user: "u8))
            record.Set(EventFields.UserId, LogText.WithoutDot(WithoutError(reason)));
    }

    /// <summary>
    /// An id, without the error that newer oslo.log puts behind it: <c>18b9…: AssertionError: User is disabled: 18b9…</c>.
    /// </summary>
    private static ReadOnlySpan<byte> WithoutError(ReadOnlySpan<byte> id) => id.IndexOf(": "u8) is > 0 and var colon ? id[..colon] : id;

    /// <summary>Reads a text of Horizon's.</summary>
    public static bool TryReadHorizon(ReadOnlySpan<byte> text, LogRecord record)
    {
        bool isSuccess = LogText.TryTake(ref text, "Login successful for user \""u8);
        if (!isSuccess && !LogText.TryTake(ref text, "Login failed for user \""u8))
            return false;
        // Name and domain are typed by whoever logs in: what stands last is Horizon's.
        int address = text.LastIndexOf("\", remote address "u8);
        int domain = address < 0 ? -1 : text[..address].LastIndexOf("\" using domain \""u8);
        int end = domain >= 0 ? domain : text.LastIndexOf("\"."u8);
        if (end < 0)
            return false;
        record.Kind = EventKinds.IdentityAuthenticate;
        record.Set(EventFields.Outcome, isSuccess ? "success" : "failure");
        record.Set(EventFields.UserName, text[..end]);
        if (!record.Has(EventFields.Service))
            record.Set(EventFields.Service, "horizon");
        if (domain < 0)
            return true;
        record.Set(EventFields.UserDomain, text[(domain + 16)..address]);
        ReadOnlySpan<byte> rest = LogText.WithoutDot(text[(address + 18)..]);
        int reason = ReasonBehind(rest);
        if (reason >= 0)
            record.Set(EventFields.Reason, rest[(reason + 2)..]);
        // The browser's; the connection, of which Apache's header tells, may be the proxy's.
        record.Remove(EventFields.SourcePort);
        record.SetForwardedSource(reason < 0 ? rest : rest[..reason]);
        return true;
    }

    /// <summary>
    /// Where a reason begins behind an address, or behind a chain in which a client may have had anything forwarded; -1 where there is
    /// none. A reason holds few colons.
    /// </summary>
    private static int ReasonBehind(ReadOnlySpan<byte> text)
    {
        if (ForwardedChain.IsChain(text))
            return -1;
        int at = text.LastIndexOf(": "u8);
        for (int tries = 0; at >= 0 && !ForwardedChain.IsChain(text[..at]); tries++)
            at = tries < 16 ? text[..at].LastIndexOf(": "u8) : -1;
        return at >= 0 ? at : text.IndexOf(": "u8);
    }

    /// <summary>
    /// Where the reason ends. It may hold a name that the client has chosen, and that <c> from 192.0.2.9</c>: the last one is Keystone's,
    /// or that before the error and the reason once more, which is near the middle then.
    /// </summary>
    private static int FromOf(ReadOnlySpan<byte> text, out ReadOnlySpan<byte> source)
    {
        source = default;
        ReadOnlySpan<byte> mark = " from "u8;
        int first = Math.Max(0, (text.Length - MaxBetween) / 2);
        for (int at = first; at <= text.Length / 2; at++)
        {
            int step = text[at..].IndexOf(mark);
            if (step < 0 || (at += step) > text.Length / 2 || at * 2 > text.Length - mark.Length)
                break;
            ReadOnlySpan<byte> between = text[(at + mark.Length)..(text.Length - at)];
            if (!between.EndsWith(": "u8))
                continue;
            // What a client has had forwarded may hold whatever it likes: the name of the error stands last.
            int colon = between[..^2].LastIndexOf(": "u8);
            if (colon < 0 || between[(colon + 2)..].Count((byte)' ') != 1 || !text.EndsWith(text[..at]))
                continue;
            source = between[..colon];
            return at;
        }
        int last = text.LastIndexOf(mark);
        if (last >= 0)
            source = text[(last + mark.Length)..];
        return last;
    }
}
