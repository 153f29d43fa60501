using System.Text;
using Metrics.Configuration;
using Metrics.Hosting;
using Metrics.Intake;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Metrics.Tests.Access;

/// <summary>The whole daemon in this process, on a free port of a real Kestrel, in a folder of its own.</summary>
internal sealed class RunningDaemon : IAsyncDisposable
{
    /// <summary>On answers that a route of ours has given: its pattern.</summary>
    public const string Reached = "X-Reached";

    private readonly WebApplication _app;
    private readonly string _folder;
    private readonly HttpClient _http;

    private RunningDaemon(WebApplication app, string folder)
    {
        (_app, _folder) = (app, folder);
        _http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false });
    }

    public IServiceProvider Services => _app.Services;

    public Uri Address => new(_app.Urls.Single());

    /// <summary>All routes that are mapped.</summary>
    public IReadOnlyList<RouteEndpoint> Routes =>
        [.. _app.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()];

    /// <param name="configuration">YAML beside storage.</param>
    /// <param name="extend">Maps more.</param>
    /// <param name="prepare">Puts into the data folder what shall be there at the start.</param>
    public static async Task<RunningDaemon> StartAsync(
        string configuration, Action<WebApplication>? extend = null, Func<string, Task>? prepare = null)
    {
        string folder = Directory.CreateTempSubdirectory("rights").FullName;
        string file = Path.Combine(folder, "metrics.yaml");
        string basics = $"storage: {{ path: '{folder}/data' }}\nhost: {{ enabled: false }}\nrules: {{ shipped: false }}\n";
        string listen = configuration.StartsWith("listen:", StringComparison.Ordinal) ? "" : "listen: 127.0.0.1:0\n";
        await File.WriteAllTextAsync(file, basics + listen + configuration);
        if (prepare is not null)
            await prepare(Path.Combine(folder, "data"));
        var source = new ConfigurationSource(file);
        MetricsOptions options = source.Load();
        WebApplication app = Program.Build(source, options);
        // Behind authorization, before the route: whoever comes here was let in.
        app.Use(async (HttpContext context, RequestDelegate next) =>
        {
            if (context.GetEndpoint() is RouteEndpoint route)
                context.Response.Headers[Reached] = Uri.EscapeDataString(route.RoutePattern.RawText ?? "");
            await next(context);
        });
        extend?.Invoke(app);
        await app.Services.GetRequiredService<HeadLoader>().RunAsync(CancellationToken.None);
        await app.StartListeningAsync(options.Listen);
        return new RunningDaemon(app, folder);
    }

    /// <summary>Sends a request exactly as it is spelled.</summary>
    /// <param name="method">Any method.</param>
    /// <param name="path">Path and query; nothing of it is normalized.</param>
    /// <param name="token">Sent as a bearer token; null sends none.</param>
    /// <param name="headers">Further headers.</param>
    /// <param name="body">The body; null sends none.</param>
    public async Task<HttpResponseMessage> SendAsync(
        string method, string path, string? token = null, (string Name, string Value)[]? headers = null, HttpContent? body = null)
    {
        var spelled = new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true };
        var uri = new Uri(Address.GetLeftPart(UriPartial.Authority) + path, spelled);
        using var request = new HttpRequestMessage(new HttpMethod(method), uri);
        request.Content = body ?? (method is "POST" or "PUT" or "PATCH" ? new StringContent("", Encoding.UTF8, "text/plain") : null);
        if (token is not null)
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
        foreach ((string name, string value) in headers ?? [])
        {
            if (name == "Host")
                request.Headers.Host = value;
            else
                request.Headers.TryAddWithoutValidation(name, value);
        }
        return await _http.SendAsync(request);
    }

    /// <summary>Sends a request, and gives status and body of its answer.</summary>
    public async Task<(int Status, string Text)> AskAsync(
        string method, string path, string? token = null, (string Name, string Value)[]? headers = null, HttpContent? body = null)
    {
        using HttpResponseMessage response = await SendAsync(method, path, token, headers, body);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    /// <summary>Values of one own metric, summed over the series that hold a text.</summary>
    public async Task<double> OwnAsync(string metric, string holding, string token) =>
        (await AskAsync("GET", "/metrics", token)).Text.Split('\n')
            .Where(l => l.StartsWith(metric, StringComparison.Ordinal) && l.Contains(holding, StringComparison.Ordinal))
            .Sum(l => double.Parse(l[(l.LastIndexOf(' ') + 1)..], System.Globalization.CultureInfo.InvariantCulture));

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        Directory.Delete(_folder, true);
    }
}
