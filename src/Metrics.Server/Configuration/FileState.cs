using System.Globalization;

namespace Metrics.Configuration;

/// <summary>What tells a file from what it was before.</summary>
internal static class FileState
{
    /// <summary>
    /// Its length and when it was written; of a link those of what it leads to, which is swapped where certificates and lists are renewed
    /// (<c>tls.crt</c> of Kubernetes leads to <c>..data/tls.crt</c>, and <c>..data</c> to another folder each time). Empty when there is
    /// none.
    /// </summary>
    public static string Of(string? file)
    {
        if (string.IsNullOrEmpty(file))
            return "";
        try
        {
            var info = new FileInfo(File.ResolveLinkTarget(file, returnFinalTarget: true)?.FullName ?? file);
            return info.Exists ? string.Create(CultureInfo.InvariantCulture, $"{info.Length} {info.LastWriteTimeUtc.Ticks}") : "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
