using System.Globalization;

namespace Metrics.Query;

/// <summary>Why an expression cannot be read.</summary>
/// <param name="Position">Characters before the place, from 0 on.</param>
/// <param name="Message">What was expected and what was found.</param>
public sealed record QueryError(int Position, string Message)
{
    /// <inheritdoc />
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"1:{Position + 1}: parse error: {Message}");
}
