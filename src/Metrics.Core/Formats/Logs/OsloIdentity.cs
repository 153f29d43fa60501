using Metrics.Model;

namespace Metrics.Formats.Logs;

/// <summary>What Keystone and Horizon log of those who prove who they are, or fail to.</summary>
/// <remarks>
/// <code>
/// Authorization failed. The request you have made requires authentication. from 192.0.2.7
/// Authorization failed. The account is locked for user: 18b9…. from 192.0.2.7          with insecure_debug
/// Login successful for user "ann" using domain "Default", remote address 192.0.2.7.
/// Login failed for user "ann".                                                         before 2017
/// </code>
/// keystone/server/flask/application.py, keystone/exception.py, openstack_auth/forms.py
/// </remarks>
internal static class OsloIdentity
{
    /// <summary>Reads a text of Keystone's.</summary>
    public static bool TryReadKeystone(ReadOnlySpan<byte> text, LogRecord record)
    {
        if (!LogText.TryTake(ref text, "Authorization failed. "u8))
            return false;
        // Its reason may hold a name that the client has chosen, and that " from 192.0.2.9": the last one is Keystone's.
        int from = text.LastIndexOf(" from "u8);
        if (from < 0)
            return false;
        ReadOnlySpan<byte> reason = text[..from];
        record.Kind = EventKinds.IdentityAuthenticate;
        record.Set(EventFields.Outcome, "failure");
        LogText.SetSource(record, text[(from + 6)..]);
        record.Set(EventFields.Reason, reason);
        if (TryUser(reason, "The account is locked for user: "u8, EventFields.UserId, record))
            record.Kind = EventKinds.IdentityLockout;
        else if (!TryUser(reason, "Could not find user: "u8, EventFields.UserName, record)
            && !TryUser(reason, "The account is disabled for user: "u8, EventFields.UserId, record))
            TryUser(reason, "The password is expired and needs to be changed for user: "u8, EventFields.UserId, record);
        return true;
    }

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
        ReadOnlySpan<byte> rest = text[(address + 18)..];
        int reason = rest.IndexOf(": "u8);
        if (reason >= 0)
            record.Set(EventFields.Reason, LogText.WithoutDot(rest[(reason + 2)..]));
        // The browser's; the connection, of which Apache's header tells, may be the proxy's.
        record.Remove(EventFields.SourcePort);
        LogText.SetSource(record, LogText.WithoutDot(reason < 0 ? rest : rest[..reason]));
        return true;
    }

    private static bool TryUser(ReadOnlySpan<byte> reason, ReadOnlySpan<byte> start, string field, LogRecord record)
    {
        if (!LogText.TryTake(ref reason, start))
            return false;
        record.Set(field, LogText.WithoutDot(reason));
        return true;
    }
}
