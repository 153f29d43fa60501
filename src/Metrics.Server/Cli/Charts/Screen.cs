namespace Metrics.Cli.Charts;

/// <summary>What a command's output is shown on.</summary>
/// <param name="IsTerminal">Whether somebody looks at it; else it goes to a file or a program.</param>
/// <param name="Width">Columns.</param>
/// <param name="Height">Lines.</param>
/// <param name="HasColour">Whether colours may be written.</param>
internal sealed record Screen(bool IsTerminal, int Width, int Height, bool HasColour)
{
    private const int UnknownWidth = 80;
    private const int UnknownHeight = 24;
    private const int LeastWidth = 40;

    /// <summary>Where nobody looks.</summary>
    public static readonly Screen None = new(false, UnknownWidth, UnknownHeight, false);

    /// <summary>The one that an output goes to.</summary>
    /// <param name="output">Standard output, or what stands for it.</param>
    public static Screen Of(TextWriter output)
    {
        if (Console.IsOutputRedirected || !ReferenceEquals(output, Console.Out))
            return None;
        bool hasColour = string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
            && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb");
        return OfSize(Console.WindowWidth, Console.WindowHeight, hasColour);
    }

    /// <summary>A terminal of a size; what it does not know is zero.</summary>
    internal static Screen OfSize(int width, int height, bool hasColour) => new(
        true, width <= 0 ? UnknownWidth : Math.Max(width, LeastWidth), height <= 0 ? UnknownHeight : height, hasColour);
}
