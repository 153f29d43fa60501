using System.Globalization;

namespace Metrics.Query;

/// <summary>Why an expression cannot be read.</summary>
/// <param name="Position">Characters before the place, from 0 on.</param>
/// <param name="Line">Line of the place, from 1 on.</param>
/// <param name="Column">Column of the place, from 1 on.</param>
/// <param name="Message">What was expected and what was found.</param>
public sealed record QueryError(int Position, int Line, int Column, string Message)
{
    /// <summary>An error at a place of a text.</summary>
    public static QueryError At(string text, int position, string message)
    {
        ReadOnlySpan<char> before = text.AsSpan(0, Math.Min(position, text.Length));
        return new QueryError(position, before.Count('\n') + 1, before.Length - before.LastIndexOf('\n'), message);
    }

    /// <inheritdoc />
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Line}:{Column}: parse error: {Message}");
}
