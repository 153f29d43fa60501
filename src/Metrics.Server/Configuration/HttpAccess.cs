using Metrics.Text;

namespace Metrics.Configuration;

/// <summary>How an HTTP endpoint is reached: <c>http_config</c> in Alertmanager's words.</summary>
/// <param name="AuthorizationType">First word of the Authorization header.</param>
/// <param name="Credentials">The rest of it.</param>
/// <param name="Username">For basic authentication.</param>
/// <param name="Password">For basic authentication.</param>
/// <param name="Tls">How its certificate is checked.</param>
/// <param name="Proxy">A proxy, or null.</param>
internal sealed record HttpAccess(
    string AuthorizationType, Secret? Credentials, string? Username, Secret? Password, TlsOptions Tls, Uri? Proxy)
{
    public static HttpAccess Read(YamlSection section, HttpAccess? otherwise)
    {
        if (otherwise is not null && !section.Keys.Any())
            return otherwise;
        HttpAccess access = ReadKeys(section);
        section.Finish();
        return access;
    }

    /// <summary>Reads the keys where they stand among others.</summary>
    public static HttpAccess ReadKeys(YamlSection section)
    {
        YamlSection authorization = section.Section("authorization"), basic = section.Section("basic_auth");
        var access = new HttpAccess(
            authorization.Text("type", "Bearer"),
            Secret.Read(authorization, "credentials") ?? Secret.Read(section, "bearer_token"),
            basic.Text("username"),
            Secret.Read(basic, "password"),
            TlsOptions.Read(section.Section("tls_config")),
            section.Has("proxy_url") ? section.RequiredUrl("proxy_url") : null);
        if (section.Flag("follow_redirects", false))
            section.Report("follow_redirects", "is true; redirects are not followed, since they would take secrets elsewhere");
        _ = section.Flag("enable_http2", true);
        authorization.Finish();
        basic.Finish();
        return access;
    }

    /// <summary>The Authorization header, or null.</summary>
    public string? Authorization() => Credentials is not null ? $"{AuthorizationType} {Credentials.Reveal()}"
        : BasicAuthorization.Of(Username, Password);
}
