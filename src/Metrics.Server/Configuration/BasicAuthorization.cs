using System.Text;

namespace Metrics.Configuration;

/// <summary>The Authorization header of basic authentication.</summary>
/// <remarks>https://www.rfc-editor.org/rfc/rfc7617</remarks>
internal static class BasicAuthorization
{
    /// <summary>The header of an account of the configuration; null where there is none.</summary>
    public static string? Of(string? user, Secret? password) => user is null ? null : Of(user, password?.Reveal() ?? "");

    /// <summary>The header of an account.</summary>
    public static string Of(string user, string password) =>
        $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}"))}";
}
