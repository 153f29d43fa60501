using Metrics.Model;

namespace Metrics.Formats.Logs.Host;

/// <summary>sudo: who has run what as whom, or was not let.</summary>
/// <remarks>
/// <code>
/// ann : TTY=pts/0 ; PWD=/home/ann ; USER=root ; COMMAND=/usr/bin/id
/// ann : 3 incorrect password attempts ; TTY=pts/0 ; PWD=/home/ann ; USER=root ; COMMAND=/usr/bin/id
/// ann : user NOT in sudoers ; TTY=pts/0 ; PWD=/home/ann ; USER=root ; COMMAND=/usr/bin/id
/// </code>
/// sudoers(5), "Log format". sudo masks no <c> ; USER=</c> in the name of a folder, nor in a command: the user is what stands last before
/// the first command.
/// </remarks>
public static class SudoMessages
{
    /// <summary>The program <c>sudo</c>.</summary>
    public static LogMessageFormat Format { get; } = new("sudo", TryRead, "sudo");

    private static bool TryRead(ReadOnlySpan<byte> text, LogRecord record)
    {
        text = text.TrimStart((byte)' ');
        if (!text.TryTakeUntil(" : "u8, out ReadOnlySpan<byte> user) || user.IsEmpty)
            return false;
        ReadOnlySpan<byte> mark = "COMMAND="u8;
        int command = text.IndexOf(" ; COMMAND="u8);
        command = command >= 0 ? command + 3 : text.StartsWith(mark) ? 0 : -1;
        if (command < 0)
            return false;
        ReadOnlySpan<byte> head = text[..command];
        ReadOnlySpan<byte> reason = ReasonOf(head);
        record.SetKind(EventKinds.HostSudo, succeeded: reason.IsEmpty);
        record.Set(EventFields.UserName, user);
        int terminal = head.IndexOf("TTY="u8);
        if (terminal >= 0)
            record.Set(EventFields.Terminal, LogText.FirstWord(head[(terminal + 4)..]));
        int at = head.LastIndexOf("USER="u8);
        if (at == 0 || (at > 0 && head[at - 1] == ' '))
            record.Set(EventFields.EffectiveUserName, LogText.FirstWord(head[(at + 5)..]));
        record.Set(EventFields.CommandLine, text[(command + mark.Length)..]);
        record.Set(EventFields.Reason, reason);
        return true;
    }

    /// <summary>Why it was not let: what stands before the first <c>NAME=</c>.</summary>
    private static ReadOnlySpan<byte> ReasonOf(ReadOnlySpan<byte> head)
    {
        int end = head.IndexOf(" ; "u8);
        ReadOnlySpan<byte> first = end < 0 ? head : head[..end];
        int name = first.IndexOfAnyExceptInRange((byte)'A', (byte)'Z');
        return name > 0 && first[name] == '=' ? default : first;
    }
}
