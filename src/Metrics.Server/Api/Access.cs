using System.Security.Cryptography;
using System.Text;
using Metrics.Configuration;

namespace Metrics.Api;

/// <summary>Who may ask what. Without tokens everything is allowed, and only loopback is listened on.</summary>
internal sealed class Access(Current<AuthOptions> options)
{
    private const string CallerKey = "metricsd.caller";

    /// <summary>The name of the caller's token; null where there are no tokens.</summary>
    public static string? TokenNameOf(HttpContext context) => context.Items[CallerKey] as string;

    /// <summary>Who asks: the name of a token, else an address.</summary>
    public static string CallerOf(HttpContext context) => TokenNameOf(context) ?? context.Connection.RemoteIpAddress?.ToString() ?? "unknown";

    /// <summary>Lets a request through or answers 401 or 403.</summary>
    public async Task Invoke(HttpContext context, RequestDelegate next)
    {
        Role needed = Needed(context.Request);
        AuthOptions auth = options.Value;
        if (needed == Role.None || !auth.IsConfigured)
        {
            await next(context);
            return;
        }
        TokenOptions? token = Find(auth, TokenOf(context.Request));
        if (token is null)
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            context.Response.Headers.WWWAuthenticate = "Bearer realm=\"metricsd\", Basic realm=\"metricsd\"";
            await context.Response.WriteAsync("a token is needed: send it as 'Authorization: Bearer TOKEN' or as the password of basic authentication\n");
        }
        else if (token.Role < needed)
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            await context.Response.WriteAsync($"the role {needed.ToString().ToLowerInvariant()} is needed; this token has {token.Role.ToString().ToLowerInvariant()}\n");
        }
        else
        {
            context.Items[CallerKey] = token.Name;
            await next(context);
        }
    }

    /// <summary>What a request needs: life signs nothing, reading viewer, pushing, silencing and reloading operator.</summary>
    internal static Role Needed(HttpRequest request) => request.Path.Value switch
    {
        "/-/healthy" or "/-/ready" or "/ping" => Role.None,
        { } path when path.StartsWith("/acknowledge/", StringComparison.Ordinal) => Role.None,   // its link is signed
        "/silences/new" => Role.Operator,
        "/-/reload" or "/write" or "/api/v2/write" or "/query" => Role.Operator,
        { } path when (path == "/api/v2/alerts" || path.StartsWith("/api/v2/silence", StringComparison.Ordinal)) && !HttpMethods.IsGet(request.Method) => Role.Operator,
        _ => Role.Viewer,
    };

    /// <summary>The token in any of the forms that InfluxDB's and Prometheus's clients send.</summary>
    internal static string? TokenOf(HttpRequest request)
    {
        string header = request.Headers.Authorization.ToString();
        int space = header.IndexOf(' ', StringComparison.Ordinal);
        string value = space < 0 ? "" : header[(space + 1)..].Trim();
        if (header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) || header.StartsWith("Token ", StringComparison.OrdinalIgnoreCase))
            return value;
        if (header.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase))
        {
            byte[] pair = new byte[value.Length];
            if (!Convert.TryFromBase64String(value, pair, out int length))
                return null;
            string text = Encoding.UTF8.GetString(pair, 0, length);
            return text[(text.IndexOf(':', StringComparison.Ordinal) + 1)..];
        }
        return request.Query["p"].FirstOrDefault();
    }

    private static TokenOptions? Find(AuthOptions auth, string? given)
    {
        if (given is null)
            return null;
        byte[] bytes = SHA256.HashData(Encoding.UTF8.GetBytes(given));
        TokenOptions? found = null;
        // Every token is compared, each in constant time: how long it takes tells nothing.
        foreach (TokenOptions token in auth.Tokens)
        {
            if (CryptographicOperations.FixedTimeEquals(bytes, SHA256.HashData(Encoding.UTF8.GetBytes(token.Token.Reveal()))))
                found ??= token;
        }
        return found;
    }
}
