using System.Text;
using System.Text.RegularExpressions;

namespace Metrics.Configuration;

/// <summary>A URL as everybody may see it who may look: without user and password, and without values of secret parameters.</summary>
internal static partial class ShownUrl
{
    /// <summary>The text to show.</summary>
    public static string Of(Uri url)
    {
        var shown = new StringBuilder($"{url.Scheme}://{url.Authority}{url.AbsolutePath}");
        char separator = '?';
        foreach (string pair in url.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            string name = pair.Split('=', 2)[0];
            shown.Append(separator).Append(SecretName().IsMatch(name) ? $"{name}=<secret>" : pair);
            separator = '&';
        }
        return shown.ToString();
    }

    [GeneratedRegex("token|key|secret|passw|pwd|auth|sig|credential|session", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex SecretName();
}
