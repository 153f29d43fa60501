using System.Security.Claims;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Encodings.Web;
using Metrics.Configuration;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace Metrics.Access;

/// <summary>Who has shown a token or a certificate; the account's roles, and those that they include, are its claims.</summary>
internal sealed class AccountIdentity(Account account) : ClaimsIdentity(
    [new Claim(DefaultNameClaimType, account.Name), .. Roles.All.Where(account.May).Select(r => new Claim(DefaultRoleClaimType, r.Name()))],
    TokenHandler.SchemeName)
{
    public Account Account => account;
}

/// <summary>
/// Knows callers by their tokens and certificates, and answers 401 and 403 with what is missing. Without either in the configuration
/// everybody has every role: <see cref="RequestGuard"/> has let in this machine only.
/// </summary>
internal sealed class TokenHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder,
    Current<AuthOptions> current, TokenFinder finder, AccessMetrics metrics)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    public const string SchemeName = "token";

    private const string Needed =
        "a token is needed: send it as 'Authorization: Bearer TOKEN' or as the password of basic authentication\n";

    private static readonly AuthenticationTicket s_everybody = new(new ClaimsPrincipal(
        new ClaimsIdentity(Roles.All.Select(r => new Claim(ClaimsIdentity.DefaultRoleClaimType, r.Name())), SchemeName)), SchemeName);

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        AuthOptions auth = current.Value;
        if (!auth.IsConfigured)
            return Task.FromResult(AuthenticateResult.Success(s_everybody));
        // A token that is shown decides, also when it is wrong: a browser shows a certificate by itself.
        Account? account = TokenOf(Request) is { } token ? finder.Find(auth, token) : Find(auth, Context.Connection.ClientCertificate);
        return Task.FromResult(account is not null
            ? AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(new AccountIdentity(account)), SchemeName))
            : AuthenticateResult.NoResult());
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        metrics.Refused.WithLabels("token").Inc();
        Response.StatusCode = StatusCodes.Status401Unauthorized;
        Response.Headers.WWWAuthenticate = "Bearer realm=\"metricsd\", Basic realm=\"metricsd\"";
        return Response.WriteAsync(Needed);
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties)
    {
        metrics.Refused.WithLabels("role").Inc();
        Response.StatusCode = StatusCodes.Status403Forbidden;
        string shown = Caller.AccountOf(Context) is CertificateOptions ? "certificate" : "token";
        string held = string.Join(", ", Caller.AccountOf(Context)?.Held.Select(r => r.Name()) ?? []);
        return Response.WriteAsync(Context.GetEndpoint()?.Metadata.GetMetadata<ForAttribute>() is { Role: var needed }
            ? $"the role {needed.Name()} is needed; this {shown} has {held}\n"
            : "no role is named for this route, so it is for nobody\n");
    }

    /// <summary>The token in any of the forms that InfluxDB's and Prometheus's clients send.</summary>
    internal static string? TokenOf(HttpRequest request)
    {
        string header = request.Headers.Authorization.ToString();
        int space = header.IndexOf(' ', StringComparison.Ordinal);
        string value = space < 0 ? "" : header[(space + 1)..].Trim();
        if (IsExplicit(header))
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

    /// <summary>Whether a value of <c>Authorization</c> is one that a browser never sends by itself.</summary>
    internal static bool IsExplicit(string header) =>
        header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) || header.StartsWith("Token ", StringComparison.OrdinalIgnoreCase);

    private static CertificateOptions? Find(AuthOptions auth, X509Certificate2? given) =>
        given is null ? null : auth.Certificates.FirstOrDefault(c => c.Is(given));
}
