using System.Buffers;
using System.Text;
using Metrics.Model;

namespace Metrics.Formats.Logs.Audit;

/// <summary>Reads the lines of one audit event.</summary>
internal static class AuditEvent
{
    /// <summary>Reads an event.</summary>
    /// <param name="text">Its lines; those that are none are passed over, but for the first.</param>
    /// <param name="record">Gets what it says.</param>
    /// <returns>Whether the first line is one of an audit log.</returns>
    public static bool TryRead(ReadOnlySpan<byte> text, LogRecord record)
    {
        ReadOnlySpan<byte> rest = text;
        if (!AuditLine.TryRead(rest.TakeLine(), out AuditLine first) || first.Time() is not { } time)
            return false;
        record.Time = time;
        record.Set(EventFields.Host, first.Node);
        record.Set(EventFields.EventId, first.Serial);
        var values = new AuditValues(text, stackalloc Range[(int)AuditKey.Count]);
        string type = AuditTypes.NameOf(first.Type);
        bool hasArguments = false;
        ReadOnlySpan<byte> title = default;
        foreach (Range range in text.Split((byte)'\n'))
        {
            if (!AuditLine.TryRead(text[range], out AuditLine line))
                continue;
            string own = AuditTypes.NameOf(line.Type);
            if (own == "EXECVE")
                hasArguments = true;
            else if (own == "PROCTITLE")
                title = line.Body[(line.Body.IndexOf((byte)'=') + 1)..];
            else if (own == "PATH")
                AddPath(line.Body, values);
            else
                values.AddAll(line.Body);
            // A record of a system call comes with others that say more, before it or behind it.
            if (type == "SYSCALL" ? !AuditTypes.IsAncillary(own) : AuditTypes.IsAncillary(type) && own != "EOE")
                type = own;
        }
        if (hasArguments)
            SetArguments(text, record);
        else
            AuditText.Set(record, EventFields.CommandLine, title);
        Describe(type, first.Body, values, record);
        return true;
    }

    /// <summary>Reads what stands behind the header of a journal: <c>SERVICE_START pid=1 uid=0 … msg='unit=cron …'</c>.</summary>
    public static void ReadBody(string type, ReadOnlySpan<byte> body, LogRecord record)
    {
        var values = new AuditValues(body, stackalloc Range[(int)AuditKey.Count]);
        values.AddAll(body);
        Describe(type, body, values, record);
    }

    private static void Describe(string type, ReadOnlySpan<byte> body, AuditValues values, LogRecord record)
    {
        SetLower(EventFields.Action, type, record);
        AuditFields.Set(values, record);
        AuditMeanings.Set(type, body, values, record);
    }

    /// <summary>Of the paths that a system call was about, the first that is not only the folder of another.</summary>
    private static void AddPath(ReadOnlySpan<byte> body, AuditValues values)
    {
        var pairs = new AuditPairs(body);
        ReadOnlySpan<byte> name = default;
        while (pairs.Next(out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value))
        {
            if (key.SequenceEqual("name"u8))
                name = value;
            else if ((key.SequenceEqual("nametype"u8) || key.SequenceEqual("objtype"u8)) && value.SequenceEqual("PARENT"u8))
                return;
        }
        if (!AuditText.IsNone(name))
            values.Add(AuditKey.Name, name);
    }

    private static void SetArguments(ReadOnlySpan<byte> text, LogRecord record)
    {
        var command = new AuditText(stackalloc byte[EventBounds.MaxValueLength]);
        foreach (Range range in text.Split((byte)'\n'))
        {
            if (!AuditLine.TryRead(text[range], out AuditLine line) || AuditTypes.NameOf(line.Type) != "EXECVE")
                continue;
            var pairs = new AuditPairs(line.Body);
            while (pairs.Next(out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value))
            {
                // a0 a1 …; a long one comes in pieces: a2_len a2[0] a2[1] …
                if (key.Length < 2 || key[0] != 'a' || !char.IsAsciiDigit((char)key[1]) || key.EndsWith("_len"u8))
                    continue;
                if (command.Written.Length > 0 && (key[^1] != ']' || key.EndsWith("[0]"u8)))
                    command.AppendBlank();
                command.Append(value);
            }
        }
        record.Set(EventFields.CommandLine, command.Written);
    }

    private static void SetLower(string field, string word, LogRecord record)
    {
        Span<byte> lower = stackalloc byte[64];
        if (Ascii.ToLower(word, lower, out int length) == OperationStatus.Done)
            record.Set(field, lower[..length]);
    }
}
