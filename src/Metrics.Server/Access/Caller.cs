namespace Metrics.Access;

/// <summary>Who asks.</summary>
internal static class Caller
{
    /// <summary>The caller's token; null where there are no tokens.</summary>
    public static TokenOptions? TokenOf(HttpContext context) => (context.User.Identity as TokenIdentity)?.Token;

    /// <summary>The name of the caller's token; null where there are no tokens.</summary>
    public static string? TokenNameOf(HttpContext context) => TokenOf(context)?.Name;

    /// <summary>The name of the caller's token, else the address.</summary>
    public static string NameOf(HttpContext context) => TokenNameOf(context) ?? context.Connection.RemoteIpAddress?.ToString() ?? "unknown";
}
