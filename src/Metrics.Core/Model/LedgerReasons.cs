namespace Metrics.Model;

/// <summary>Why something is missing from a ledger: the words of its gaps.</summary>
/// <remarks>docs/inputs.md lists them for people.</remarks>
public static class LedgerReasons
{
    /// <summary>The file was there before its input began at its end (<c>start: end</c>): nobody wanted it.</summary>
    public const string BeforeStart = "before_start";

    /// <summary>The file was cut short, and no copy of it is there.</summary>
    public const string Truncated = "truncated";

    /// <summary>The copy of a rotation is shorter than the file was when it was cut.</summary>
    public const string NotCopied = "not_copied";

    /// <summary>The file was gone before it was read to its end.</summary>
    public const string Gone = "gone";

    /// <summary>Another file was written in its place before it was read to its end.</summary>
    public const string Replaced = "replaced";

    /// <summary>The file could not be read as long as it was there.</summary>
    public const string Unreadable = "unreadable";

    /// <summary>The kernel has dropped datagrams, because its buffer was full.</summary>
    public const string KernelDrops = "kernel_drops";

    /// <summary>The ledger itself does not join: never stored, but found when it is read.</summary>
    public const string Unaccounted = "unaccounted";

    /// <summary>The reasons that are stored.</summary>
    public static IReadOnlyList<string> All { get; } = [BeforeStart, Truncated, NotCopied, Gone, Replaced, Unreadable, KernelDrops];
}
