using System.Text;

namespace Metrics.Formats.Logs.Audit;

/// <summary>What the lines of an audit event say, as places in its text.</summary>
/// <param name="text">All its lines.</param>
/// <param name="places">Room for a place of each key, all zero.</param>
internal readonly ref struct AuditValues(ReadOnlySpan<byte> text, Span<Range> places)
{
    private static readonly (byte[] Name, AuditKey Key)[][] s_byLength = ByLength(
        ("acct", AuditKey.Acct), ("addr", AuditKey.Addr), ("apparmor", AuditKey.Apparmor), ("arch", AuditKey.Arch),
        ("auid", AuditKey.Auid), ("AUID", AuditKey.AuidName), ("cause", AuditKey.Cause), ("cmd", AuditKey.Cmd),
        ("comm", AuditKey.Comm), ("cwd", AuditKey.Cwd), ("dev", AuditKey.Dev), ("EUID", AuditKey.EuidName), ("exe", AuditKey.Exe),
        ("hostname", AuditKey.Hostname), ("id", AuditKey.Id), ("ID", AuditKey.IdName), ("key", AuditKey.Key), ("name", AuditKey.Name),
        ("new-level", AuditKey.NewLevel), ("op", AuditKey.Op), ("pid", AuditKey.Pid), ("profile", AuditKey.Profile),
        ("reason", AuditKey.Reason), ("res", AuditKey.Res), ("result", AuditKey.Res), ("saddr", AuditKey.Saddr),
        ("success", AuditKey.Success), ("sw", AuditKey.Software), ("syscall", AuditKey.Syscall), ("terminal", AuditKey.Terminal),
        ("tty", AuditKey.Tty), ("uid", AuditKey.Uid), ("UID", AuditKey.UidName), ("unit", AuditKey.Unit), ("uuid", AuditKey.Uuid));

    private readonly ReadOnlySpan<byte> _text = text;
    private readonly Span<Range> _places = places;

    /// <summary>The value of a key, as it is written; empty where there is none.</summary>
    public ReadOnlySpan<byte> this[AuditKey key] => _text[_places[(int)key]];

    /// <summary>Whether a key has a value.</summary>
    public bool Has(AuditKey key) => !_places[(int)key].Equals(default);

    /// <summary>Takes all pairs of a text.</summary>
    /// <param name="body">A part of the text.</param>
    /// <param name="isNested">Whether it is itself the value of a pair; it then holds no others.</param>
    public void AddAll(ReadOnlySpan<byte> body, bool isNested = false)
    {
        var pairs = new AuditPairs(body);
        while (pairs.Next(out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value))
        {
            if (!isNested && key.SequenceEqual("msg"u8))
                AddAll(value, isNested: true);
            else
                Add(key, value);
        }
    }

    /// <summary>Takes one value, unless it has one already.</summary>
    public void Add(AuditKey key, ReadOnlySpan<byte> value, bool replaces = false)
    {
        if (!value.IsEmpty && (replaces || !Has(key)) && _text.Overlaps(value, out int start))
            _places[(int)key] = start..(start + value.Length);
    }

    private void Add(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (key.Length >= s_byLength.Length)
            return;
        foreach ((byte[] name, AuditKey known) in s_byLength[key.Length])
        {
            if (!key.SequenceEqual(name))
                continue;
            // A program writes the name of an account first, in quotes; the machine's name, which comes from DNS, stands before these.
            Add(known, value, known is AuditKey.Addr or AuditKey.Terminal or AuditKey.Res);
            return;
        }
    }

    private static (byte[] Name, AuditKey Key)[][] ByLength(params (string Name, AuditKey Key)[] names)
    {
        int longest = names.Max(n => n.Name.Length);
        return
        [
            .. Enumerable.Range(0, longest + 1).Select(length =>
                names.Where(n => n.Name.Length == length).Select(n => (Encoding.ASCII.GetBytes(n.Name), n.Key)).ToArray()),
        ];
    }
}
