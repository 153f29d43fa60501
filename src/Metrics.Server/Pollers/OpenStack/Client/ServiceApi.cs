using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Metrics.Pollers.OpenStack.Client;

/// <summary>One service of a cloud: its address, the microversion that both sides know, lists by their pages.</summary>
internal sealed partial class ServiceApi(
    CloudService service, CloudAccess access, KeystoneSession session, CloudTransport transport, TimeProvider time)
{
    private const int MaxPages = 100_000;
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_versionAge = TimeSpan.FromHours(1);

    private (string? Header, DateTimeOffset At)? _microversion;

    public CloudService Service => service;

    /// <summary>Where it is, by a token's catalogue; null when it is not there.</summary>
    public Uri? Find(Token token)
    {
        if (service == CloudService.Identity)
            return session.Url;
        IEnumerable<CloudEndpoint> here =
            token.Catalog.Where(e => e.Interface == access.Interface && (access.Region is null || e.Region == access.Region));
        CloudEndpoint? endpoint = service.Types.SelectMany(t => here.Where(e => e.Type == t)).FirstOrDefault();
        return endpoint is null ? null : WithVersion(endpoint.Url, service);
    }

    /// <summary>An address with the API's version, where the address names none.</summary>
    public static Uri WithVersion(Uri url, CloudService service)
    {
        string text = url.GetLeftPart(UriPartial.Path).TrimEnd('/');
        return new Uri(service.VersionPath is null || Version().IsMatch(text) ? text : $"{text}/{service.VersionPath}");
    }

    /// <summary>An address below a service's.</summary>
    public static Uri At(Uri url, string path) => new(url.ToString().TrimEnd('/') + path);

    /// <summary>Gets one document; it belongs to the caller.</summary>
    /// <param name="path">Path and query behind the service's address.</param>
    /// <param name="route">The path without identifiers, by which calls are counted; the path itself when null.</param>
    /// <param name="microversion">Another microversion than the service's own.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="CloudException">The service is not there, does not answer, or refuses.</exception>
    public async Task<JsonDocument> GetAsync(string path, string? route = null, string? microversion = null, CancellationToken ct = default)
    {
        route ??= path.Split('?')[0];
        bool renewed = false, repeated = false;
        while (true)
        {
            Token token = await session.GetAsync(ct);
            Uri url = Find(token)
                ?? throw new CloudException($"{service.Name}: the catalogue has no endpoint of the type {service.Types[0]}, interface "
                    + $"{access.Interface}{(access.Region is null ? "" : $", region {access.Region}")}");
            string? version = await MicroversionAsync(url, microversion, token, ct);
            using var request = new HttpRequestMessage(HttpMethod.Get, At(url, path));
            request.Headers.TryAddWithoutValidation("X-Auth-Token", token.Id);
            if (version is not null && service.MicroversionHeader is { } header)
                request.Headers.TryAddWithoutValidation(header, version);
            else if (version is not null)
                request.Headers.TryAddWithoutValidation("OpenStack-API-Version", $"{service.MicroversionName} {version}");
            if (service.Header is { } own)
                request.Headers.TryAddWithoutValidation(own.Name, own.Value);
            TimeSpan pause = s_pause;
            try
            {
                using CloudAnswer answer = await transport.SendAsync(service, route, request, ct);
                switch (answer.Status)
                {
                    case 200 or 203 or 300:
                        return await answer.ReadJsonAsync(ct);
                    case 401 when !renewed:
                        // Revoked, or ended by another clock than ours.
                        session.Refuse(token);
                        renewed = true;
                        continue;
                    case 429 or 502 or 503 or 504 when !repeated:
                        pause = answer.RetryAfter is { } asked && asked < s_longestPause ? asked : s_pause;
                        break;
                    default:
                        throw CloudException.Of(service.Name, route, answer.Status, await answer.ReadTextAsync(ct));
                }
            }
            catch (CloudException e) when (e is { Status: 0, InnerException: HttpRequestException or IOException } && !repeated)
            {
                // A connection that broke; to read again does no harm.
            }
            repeated = true;
            await Task.Delay(pause, time, ct);
        }
    }

    /// <summary>All items of a list, page by page. An item is good until the next one is asked for.</summary>
    /// <param name="path">Path and query of the first page.</param>
    /// <param name="key">The field that holds the items.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="CloudException">As <see cref="GetAsync"/>; whoever gets it has a part of the list at most.</exception>
    public async IAsyncEnumerable<JsonElement> ListAsync(string path, string key, [EnumeratorCancellation] CancellationToken ct)
    {
        string route = path.Split('?')[0];
        string? next = path;
        for (int page = 0; next is not null; page++)
        {
            if (page == MaxPages)
                throw new CloudException($"{service.Name} {route}: more than {MaxPages} pages");
            using JsonDocument document = await GetAsync(next, route, null, ct);
            if (document.RootElement.List(key) is not { } items)
                throw new CloudException($"{service.Name} {route}: the answer has no list '{key}'");
            foreach (JsonElement item in items.EnumerateArray())
                yield return item;
            string? following = items.GetArrayLength() == 0 ? null : Next(document.RootElement, key, route);
            next = following == next
                ? throw new CloudException($"{service.Name} {route}: the page after '{next}' is that page again")
                : following;
        }
    }

    /// <summary>The next page: always the same path, so that an address which only the service itself can reach does no harm.</summary>
    private static string? Next(JsonElement page, string key, string route)
    {
        string? link = page.Text("next") is { Length: > 0 } next ? next
            : page.Child("links")?.Text("next") is { Length: > 0 } linked ? linked
            : page.Items($"{key}_links").Concat(page.Items("links")).FirstOrDefault(l => l.Text("rel") == "next").Text("href");
        int query = link.IndexOf('?', StringComparison.Ordinal);
        return query < 0 ? null : route + link[query..];
    }

    private async Task<string?> MicroversionAsync(Uri url, string? asked, Token token, CancellationToken ct)
    {
        if (service.MicroversionName is null)
            return null;
        if (asked is not null)
            return asked;
        if (_microversion is { } known && time.GetUtcNow() - known.At < s_versionAge)
            return known.Header;
        string? max = await ReadVersionAsync(url, token, ct);
        string? chosen = max is null ? null : Compare(max, service.Microversion!) < 0 ? max : service.Microversion;
        _microversion = (chosen, time.GetUtcNow());
        return chosen;
    }

    /// <summary>The newest microversion of the service, from its version document.</summary>
    private async Task<string?> ReadVersionAsync(Uri url, Token token, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, At(url, "/"));
        request.Headers.TryAddWithoutValidation("X-Auth-Token", token.Id);
        using CloudAnswer answer = await transport.SendAsync(service, "/", request, ct);
        if (answer.Status is not (200 or 300))
            return null;
        using JsonDocument document = await answer.ReadJsonAsync(ct);
        JsonElement root = document.RootElement;
        IEnumerable<JsonElement> versions = root.Child("version") is { } one ? [one] : root.Items("versions");
        return versions.Select(v => v.Text("version") is { Length: > 0 } version ? version : v.Text("max_version"))
            .Where(v => v.Length > 0).OrderDescending(Comparer<string>.Create(Compare)).FirstOrDefault();
    }

    /// <summary>Orders versions such as 2.9 and 2.87 by their numbers.</summary>
    internal static int Compare(string a, string b)
    {
        (int Major, int Minor) Read(string text)
        {
            string[] parts = text.Split('.');
            _ = int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int major);
            _ = int.TryParse(parts.ElementAtOrDefault(1), NumberStyles.None, CultureInfo.InvariantCulture, out int minor);
            return (major, minor);
        }
        return Read(a).CompareTo(Read(b));
    }

    [GeneratedRegex(@"/v\d+(\.\d+)?(/|$)")]
    private static partial Regex Version();
}
