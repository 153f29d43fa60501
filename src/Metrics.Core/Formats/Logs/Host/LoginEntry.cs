using Metrics.Model;

namespace Metrics.Formats.Logs.Host;

/// <summary>What a record is about (utmp(5)).</summary>
internal enum LoginType : short
{
    /// <summary>Nothing.</summary>
    Empty,

    /// <summary>The runlevel has changed; the user is <c>runlevel</c>, or <c>shutdown</c>.</summary>
    RunLevel,

    /// <summary>The machine was started.</summary>
    Boot,

    /// <summary>The clock is set.</summary>
    NewTime,

    /// <summary>The clock was set.</summary>
    OldTime,

    /// <summary>init has started a process.</summary>
    Init,

    /// <summary>A terminal waits for a login; in btmp one has failed.</summary>
    Login,

    /// <summary>Somebody is in.</summary>
    User,

    /// <summary>A process has ended.</summary>
    Dead,
}

/// <summary>One record, from the file or from the text that <c>utmpdump</c> makes of it.</summary>
internal ref struct LoginEntry
{
    /// <summary>What it is about.</summary>
    public LoginType Type;

    /// <summary>Nanoseconds since 1970 UTC.</summary>
    public long Time;

    /// <summary>The process.</summary>
    public int ProcessId;

    /// <summary>The terminal.</summary>
    public ReadOnlySpan<byte> Line;

    /// <summary>What init calls the terminal.</summary>
    public ReadOnlySpan<byte> Id;

    /// <summary>Who.</summary>
    public ReadOnlySpan<byte> User;

    /// <summary>From which host, or which kernel was started.</summary>
    public ReadOnlySpan<byte> Host;

    /// <summary>From which address.</summary>
    public ReadOnlySpan<byte> Address;

    /// <summary>Sets kind and fields.</summary>
    public readonly bool CopyTo(LogRecord record, bool isFailures)
    {
        record.Time = Time;
        record.Set(EventFields.Dataset, isFailures ? "btmp" : "wtmp");
        switch (Type)
        {
            // A getty that waits for somebody is called LOGIN, and is here; sshd and login write failures as this type too.
            case LoginType.Login when !isFailures && Host.IsEmpty && (User.IsEmpty || User.SequenceEqual("LOGIN"u8)):
            case LoginType.NewTime or LoginType.OldTime or LoginType.Init:
                break;
            case LoginType.Login:
                record.SetKind(EventKinds.HostLogin, succeeded: false);
                SetWho(record);
                break;
            case LoginType.User:
                record.SetKind(EventKinds.HostLogin, succeeded: !isFailures);
                SetWho(record);
                break;
            case LoginType.Dead:
                record.Kind = EventKinds.HostLogout;
                SetWho(record);
                break;
            case LoginType.Boot:
                record.Kind = EventKinds.HostReboot;
                record.Set(EventFields.Action, "boot");
                break;
            case LoginType.RunLevel:
                if (!User.SequenceEqual("shutdown"u8))
                {
                    record.Set(EventFields.Action, "runlevel");
                    break;
                }
                record.Kind = EventKinds.HostReboot;
                record.Set(EventFields.Action, "shutdown");
                break;
            default:
                return false;
        }
        if (ProcessId > 0)
            record.Set(EventFields.ProcessId, ProcessId);
        return true;
    }

    private readonly void SetWho(LogRecord record)
    {
        // login does not write a name that it does not know, for it is often a password.
        if (!User.SequenceEqual("UNKNOWN"u8))
            record.Set(EventFields.UserName, User);
        record.Set(EventFields.Terminal, Line);
        if (!Address.IsEmpty)
            record.SetSource(Address);
        if (!LogText.IsAddress(Host))
            record.Set(EventFields.SourceDomain, Host);
        else if (Address.IsEmpty)
            record.SetSource(Host);
    }
}
