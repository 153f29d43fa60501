using Metrics.Model;

namespace Metrics.Rules.Sigma;

/// <summary>Parts of an address as it was asked for: <c>/a/b.php?c=d</c>.</summary>
internal static class SigmaUrl
{
    /// <summary>What stands before the question mark.</summary>
    public static string? Path(SigmaEvent one) => one.Field(EventFields.Url) is { } url ? url[..QueryAt(url)] : null;

    /// <summary>What stands behind the question mark.</summary>
    public static string? Query(SigmaEvent one) =>
        one.Field(EventFields.Url) is { } url && QueryAt(url) is var at && at < url.Length ? url[(at + 1)..] : null;

    /// <summary>The ending of the path's last part, without its dot.</summary>
    public static string? Extension(SigmaEvent one)
    {
        if (Path(one) is not { } path)
            return null;
        int dot = path.LastIndexOf('.');
        return dot > path.LastIndexOf('/') ? path[(dot + 1)..] : null;
    }

    private static int QueryAt(string url) => url.IndexOf('?', StringComparison.Ordinal) is >= 0 and var at ? at : url.Length;
}
