using System.Net;
using System.Text;
using System.Text.Unicode;
using Metrics.Alerting;
using Metrics.Configuration;

namespace Metrics.Access;

/// <summary>
/// Looks at each request before any route runs. Without tokens only this machine is answered, and only under its own names: a page that
/// somebody looks at in a browser can have any name resolved to a loopback address. Whatever changes something, or is for admins, must not
/// come from another site's page, where a browser sends what it needs by itself.
/// </summary>
internal sealed class RequestGuard(
    ListenAddress listen, Current<AuthOptions> options, Current<NotificationOptions> notifications, AccessMetrics metrics)
{
    private const string Remedy = "name it in external_url or auth.allowed_hosts, or use tokens";

    /// <summary>Why a request is refused.</summary>
    /// <param name="Reason">As it is counted.</param>
    /// <param name="Text">As it is answered.</param>
    internal readonly record struct Refusal(string Reason, string Text);

    /// <summary>Hands the request on, or answers 403.</summary>
    /// <exception cref="BadHttpRequestException">Its name or its parameters cannot be read.</exception>
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        // HTTP/1.0 needs no name; what makes addresses does.
        if (!context.Request.Host.HasValue)
            context.Request.Host = new HostString("localhost");
        if (FaultOf(context.Request) is { } fault)
        {
            metrics.Refused.WithLabels("malformed").Inc();
            throw new BadHttpRequestException(fault);
        }
        if (Judge(context) is not { } refusal)
        {
            await next(context);
            return;
        }
        metrics.Refused.WithLabels(refusal.Reason).Inc();
        context.Response.StatusCode = StatusCodes.Status403Forbidden;
        await context.Response.WriteAsync(refusal.Text + "\n");
    }

    /// <summary>What is wrong with a request, or null.</summary>
    internal Refusal? Judge(HttpContext context)
    {
        AuthOptions current = options.Value;
        HttpRequest request = context.Request;
        Uri? external = Uri.TryCreate(notifications.Value.ExternalUrl, UriKind.Absolute, out Uri? url) ? url : null;
        if (!current.IsConfigured)
        {
            // It may still listen where it did before a reload took its tokens away.
            if (context.Connection.RemoteIpAddress is { } address && !IsLoopback(address))
                return new Refusal("address", "without tokens only this machine is answered; see auth in docs/configuration.md");
            string host = request.Host.Host;
            if (host.Length > 0 && !IsOwnName(host, current, external))
                return new Refusal("host", $"'{host}' is not a name of this machine; {Remedy}");
        }
        bool isExplicit = current.IsConfigured && TokenHandler.IsExplicit(request.Headers.Authorization.ToString());
        return !isExplicit && IsGuarded(context) && IsFromAnotherSite(request, current.AllowedOrigins, external)
            ? new Refusal("origin", "this comes from another site's page; name that site in auth.allowed_origins, or use a bearer token")
            : null;
    }

    /// <summary>What would be left as it is, or thrown at, further in. NUL is text, though not to every database.</summary>
    private static string? FaultOf(HttpRequest request)
    {
        if (!Uri.TryCreate($"http://{request.Host.Value}", UriKind.Absolute, out _))
            return $"'{request.Host.Value}' is no name of a host";
        string query = request.QueryString.Value ?? "";
        if (!query.Contains('%', StringComparison.Ordinal))
            return null;
        byte[] escaped = Encoding.UTF8.GetBytes(query), decoded = WebUtility.UrlDecodeToBytes(escaped, 0, escaped.Length);
        if (!Utf8.IsValid(decoded))
            return "a parameter is no UTF-8";
        return decoded.Contains((byte)0) ? "a parameter holds NUL" : null;
    }

    private static bool IsLoopback(IPAddress address) => IPAddress.IsLoopback(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address);

    private bool IsOwnName(string host, AuthOptions current, Uri? external)
    {
        string name = host.Trim('[', ']');
        return (IPAddress.TryParse(name, out IPAddress? address) && IsLoopback(address))
            || IsSame(name, "localhost")
            || IsSame(name, listen.Host)
            || IsSame(name, external?.Host.Trim('[', ']'))
            || current.AllowedHosts.Any(h => IsSame(name, h));
    }

    private static bool IsSame(string a, string? b) => string.Equals(a, b, StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// By its method; but a route for viewers only reads, as long queries are sent by POST, and one for admins costs much (export, backup)
    /// though it only reads: a page could have a browser ask for it as an image.
    /// </summary>
    private static bool IsGuarded(HttpContext context)
    {
        string method = context.Request.Method;
        return context.GetEndpoint()?.Metadata.GetMetadata<ForAttribute>()?.Role switch
        {
            Role.Viewer => false,
            Role.Admin => true,
            _ => !(HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method)),
        };
    }

    /// <remarks>
    /// https://www.w3.org/TR/fetch-metadata/ and https://fetch.spec.whatwg.org/#origin-header: a browser says where a request comes from,
    /// and no page can change what it says. What says nothing is no browser.
    /// </remarks>
    private static bool IsFromAnotherSite(HttpRequest request, IReadOnlyList<string> allowed, Uri? external)
    {
        string origin = request.Headers.Origin.ToString();
        if (allowed.Any(a => IsSame(a, origin)))
            return false;
        if (request.Headers["Sec-Fetch-Site"].ToString() is not ("" or "same-origin" or "none"))
            return true;
        if (origin.Length == 0)
            return false;
        if (!Uri.TryCreate(origin, UriKind.Absolute, out Uri? from))
            return true;
        bool isExternal = from.Scheme == external?.Scheme && IsSame(from.Authority, external.Authority);
        // Who is between may make a page of our name, though not one that is secured.
        bool isOwn = IsSame(from.Authority, request.Host.Value) && !(request.IsHttps && from.Scheme != Uri.UriSchemeHttps);
        return !isExternal && !isOwn;
    }
}
