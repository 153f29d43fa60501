using System.Globalization;
using System.Text.Json;

namespace Metrics.Pollers.OpenStack.Client;

/// <summary>An address of a service in the catalogue.</summary>
internal sealed record CloudEndpoint(string Type, string Service, string Interface, string Region, Uri Url);

/// <summary>A token as Keystone gave it.</summary>
/// <param name="Id">What goes into <c>X-Auth-Token</c>; a secret.</param>
/// <param name="IssuedAt">When it came, by our clock.</param>
/// <param name="ExpiresAt">When it ends.</param>
/// <param name="ProjectId">The project that it is for; null for a system or domain token.</param>
/// <param name="Catalog">The endpoints; empty in tokens that bring none.</param>
internal sealed record Token(
    string Id, DateTimeOffset IssuedAt, DateTimeOffset ExpiresAt, string? ProjectId, IReadOnlyList<CloudEndpoint> Catalog)
{
    /// <summary>Reads the answer to <c>POST /v3/auth/tokens</c>.</summary>
    /// <exception cref="CloudException">It is no token.</exception>
    public static Token Read(string id, JsonElement answer, DateTimeOffset now)
    {
        if (answer.Child("token") is not { } token)
            throw new CloudException("identity POST /auth/tokens: the answer holds no token");
        DateTimeOffset expires = token.Time("expires_at") ?? now.AddMinutes(5);
        string? project = token.Child("project") is { } p ? p.Text("id") : null;
        return new Token(id, now, expires, project, [.. token.Items("catalog").SelectMany(Endpoints)]);
    }

    /// <summary>The endpoints of one service of a catalogue.</summary>
    private static IEnumerable<CloudEndpoint> Endpoints(JsonElement service)
    {
        foreach (JsonElement endpoint in service.Items("endpoints"))
        {
            if (Endpoint(service.Text("type"), service.Text("name"), endpoint) is { } found)
                yield return found;
        }
    }

    /// <summary>One endpoint, or null when its address is none.</summary>
    public static CloudEndpoint? Endpoint(string type, string service, JsonElement endpoint) =>
        Uri.TryCreate(endpoint.Text("url"), UriKind.Absolute, out Uri? url)
        ? new CloudEndpoint(
            type, service, endpoint.Text("interface"),
            endpoint.Text("region") is { Length: > 0 } region ? region : endpoint.Text("region_id"), url)
        : null;

    /// <summary>Says when it ends, never what it is.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"token until {ExpiresAt:u}");
}
