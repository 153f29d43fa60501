namespace Metrics.Access;

/// <summary>Who asks.</summary>
internal static class Caller
{
    /// <summary>The caller's account; null where there are none.</summary>
    public static Account? AccountOf(HttpContext context) => (context.User.Identity as AccountIdentity)?.Account;

    /// <summary>The name of the caller's account; null where there are none.</summary>
    public static string? AccountNameOf(HttpContext context) => AccountOf(context)?.Name;

    /// <summary>The name of the caller's account, else the address.</summary>
    public static string NameOf(HttpContext context) =>
        AccountNameOf(context) ?? context.Connection.RemoteIpAddress?.ToString() ?? "unix socket";
}
