using System.Runtime.CompilerServices;

namespace Metrics.Testing;

/// <summary>
/// Finds golden cases: those in <c>testdata</c> beside the test that asks, and those of a family in the folder that METRICS_EXTRA_CASES
/// names (<c>family/source/case</c>), so that anybody can try cases without touching the tree.
/// </summary>
internal static class Cases
{
    /// <summary>Root of the repository.</summary>
    public static string Repository { get; } = FindRepository();

    /// <summary>The folder <c>testdata</c> beside the calling source file.</summary>
    public static string Own(string name, [CallerFilePath] string caller = "") =>
        Path.Combine(Path.GetDirectoryName(caller)!, "testdata", name);

    /// <summary>Files of a source of a family in the extra folder; none when there is no such folder.</summary>
    public static IEnumerable<string> Extra(string family, string source, string pattern)
    {
        string? root = Environment.GetEnvironmentVariable("METRICS_EXTRA_CASES");
        string folder = Path.Combine(root ?? "", family, source);
        return root is not null && Directory.Exists(folder)
            ? Directory.EnumerateFiles(folder, pattern, SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            : [];
    }

    private static string FindRepository([CallerFilePath] string caller = "")
    {
        string? folder = Path.GetDirectoryName(caller);
        while (folder is not null && !File.Exists(Path.Combine(folder, "Metrics.sln")))
            folder = Path.GetDirectoryName(folder);
        return folder ?? throw new InvalidOperationException("Metrics.sln is not above the tests.");
    }
}
