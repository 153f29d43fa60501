using Metrics.Text;

namespace Metrics.Configuration;

/// <summary>
/// Addresses that are secrets themselves, as the webhooks of chats are: <c>KEY</c> or <c>KEY_file</c>, else a default of the section
/// <c>global</c>.
/// </summary>
internal static class SecretUrl
{
    public static Uri Read(YamlSection section, string key, Secret? otherwise)
    {
        Secret? secret = Secret.Read(section, key) ?? otherwise;
        if (secret is null)
        {
            section.Report(key, "is required");
        }
        else
        {
            try
            {
                string text = secret.Reveal();
                if (text.Contains("{{", StringComparison.Ordinal))
                    section.Report(key, "holds a template, and is none: a receiver has one address");
                else if (Uri.TryCreate(text, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https")
                    return url;
                else
                    section.Report(key, "must be a URL that begins with http:// or https://");
            }
            catch (IOException)
            {
                // The missing file is reported already.
            }
        }
        return new Uri("http://invalid.invalid/");
    }
}
