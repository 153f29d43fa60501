namespace Metrics.Model;

/// <summary>Something of a source that was not read, and why: stored in the commit of what was read until then.</summary>
public sealed record LedgerGap
{
    /// <summary>The input, such as <c>logs/nova</c>.</summary>
    public required string Source { get; init; }

    /// <summary>What of it, as <see cref="LedgerEntry.Part"/>.</summary>
    public string Part { get; init; } = "";

    /// <summary>The file's name, or another name for people.</summary>
    public string Path { get; init; } = "";

    /// <summary>The file's number in its file system; 0 where it is none.</summary>
    public long Inode { get; init; }

    /// <summary>Why, one of <see cref="LedgerReasons"/>.</summary>
    public required string Reason { get; init; }

    /// <summary>The first byte that was not read.</summary>
    public long Begins { get; init; }

    /// <summary>Bytes that are known to be missing; 0 where nobody knows whether any are.</summary>
    public long Bytes { get; init; }

    /// <summary>Whether it may be more.</summary>
    public bool IsAtLeast { get; init; }

    /// <summary>Records that are known to be missing, where those are counted and not bytes.</summary>
    public long Records { get; init; }

    /// <summary>Of when the earliest may be that is missing, nanoseconds since 1970 UTC; 0 is unknown.</summary>
    public required long FromTime { get; init; }

    /// <summary>Of when the latest may be.</summary>
    public required long ToTime { get; init; }

    /// <summary>When it was found, nanoseconds since 1970 UTC.</summary>
    public required long FoundAt { get; init; }
}
