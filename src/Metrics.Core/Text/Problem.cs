using System.Globalization;

namespace Metrics.Text;

/// <summary>Something wrong in a file that a person wrote, said so that it can be found and mended.</summary>
/// <param name="File">Name of the file, or what stands for it.</param>
/// <param name="Line">Line, from 1 on; 0 when no place can be named.</param>
/// <param name="Column">Column, from 1 on.</param>
/// <param name="Message">Key, what was found, what is allowed.</param>
public sealed record Problem(string File, int Line, int Column, string Message)
{
    /// <inheritdoc />
    public override string ToString() => Line > 0
        ? string.Create(CultureInfo.InvariantCulture, $"{File}:{Line}:{Column}: {Message}")
        : $"{File}: {Message}";

    /// <summary>Problems as a reader goes through them: file by file in the order given, in each by line and column.</summary>
    public static IReadOnlyList<Problem> InOrder(IEnumerable<Problem> problems) =>
        [.. problems.GroupBy(p => p.File).SelectMany(file => file.OrderBy(p => (p.Line, p.Column)))];
}
