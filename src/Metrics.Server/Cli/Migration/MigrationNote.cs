namespace Metrics.Cli.Migration;

/// <summary>What became of something.</summary>
internal enum MigrationOutcome
{
    /// <summary>It is said in another way.</summary>
    Changed,

    /// <summary>It is not carried over.</summary>
    LeftOut,

    /// <summary>It stands in the new file, and a person must look at it.</summary>
    ToDo,
}

/// <summary>What a person who moves should know of one place of the files that were there.</summary>
/// <param name="Outcome">What became of it.</param>
/// <param name="File">The file that was there.</param>
/// <param name="Line">Its line, from 1 on; 0 where it is about the file as a whole.</param>
/// <param name="Text">What, and why.</param>
internal sealed record MigrationNote(MigrationOutcome Outcome, string File, int Line, string Text)
{
    /// <inheritdoc />
    public override string ToString() => Line > 0 ? FormattableString.Invariant($"{File}:{Line}: {Text}") : $"{File}: {Text}";
}
