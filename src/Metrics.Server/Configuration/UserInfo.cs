namespace Metrics.Configuration;

/// <summary>User and password that stand in an address: <c>http://kim:secret@host/</c>.</summary>
/// <remarks>https://www.rfc-editor.org/rfc/rfc3986#section-3.2.1</remarks>
internal static class UserInfo
{
    /// <summary>The Authorization header that they ask for; null where there are none.</summary>
    public static string? Authorization(Uri url) =>
        Parts(url.UserInfo) is var (user, password) ? BasicAuthorization.Of(user, password) : null;

    /// <summary>User and password as they are meant; null where there are none.</summary>
    /// <param name="text">As they stand in an address: <c>kim:s%40fe</c>.</param>
    public static (string User, string Password)? Parts(string text)
    {
        string[] parts = text.Split(':', 2);
        return text.Length == 0 ? null
            : (Uri.UnescapeDataString(parts[0]), parts.Length == 2 ? Uri.UnescapeDataString(parts[1]) : "");
    }

    /// <summary>An address without them, for labels and logs; what is no address as it is.</summary>
    public static string Without(string address)
    {
        if (!Uri.TryCreate(address, UriKind.Absolute, out Uri? url) || url.UserInfo.Length == 0)
            return address;
        int at = address.IndexOf(url.UserInfo + "@", StringComparison.Ordinal);
        return at < 0 ? url.GetComponents(UriComponents.AbsoluteUri & ~UriComponents.UserInfo, UriFormat.UriEscaped)
            : address.Remove(at, url.UserInfo.Length + 1);
    }
}
