using System.Globalization;

namespace Metrics.Hosting;

/// <summary>How many files and connections the system lets this process have open at one time (<c>ulimit -n</c>).</summary>
internal static class OpenFiles
{
    /// <summary>Where the process and all that it does beside answering still works.</summary>
    public const int Least = 512;

    /// <summary>The .NET runtime keeps two for each library, 280 in all; stores and inputs need some tens, polls some more.</summary>
    private const int Reserved = 400;

    /// <summary>Why the limit is too low to work with; null when it is not, or not known.</summary>
    public static string? Fault() => Fault(Limit());

    /// <inheritdoc cref="Fault()" />
    internal static string? Fault(int? limit) => limit is { } files && files < Least
        ? $"metricsd may open {files} files only; the .NET runtime alone keeps 280 open: allow {Least} at least (ulimit -n, LimitNOFILE)"
        : null;

    /// <summary>As many connections as are wanted, at most those that leave enough for all else.</summary>
    public static int ConnectionsWithin(int wanted) => ConnectionsWithin(wanted, Limit());

    /// <inheritdoc cref="ConnectionsWithin(int)" />
    internal static int ConnectionsWithin(int wanted, int? limit) =>
        limit is { } files ? Math.Min(wanted, Math.Max(16, (files - Reserved) / 2)) : wanted;

    /// <summary>The runtime has raised it as far as it may. Null where the system does not say it, or has none.</summary>
    private static int? Limit()
    {
        try
        {
            IEnumerable<string> limits = File.ReadLines("/proc/self/limits");
            string? line = limits.FirstOrDefault(l => l.StartsWith("Max open files ", StringComparison.Ordinal));
            string word = line?.Split(' ', StringSplitOptions.RemoveEmptyEntries).ElementAtOrDefault(3) ?? "";
            return int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out int files) ? files : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
