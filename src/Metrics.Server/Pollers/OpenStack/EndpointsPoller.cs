using System.Globalization;
using System.Text.Json;
using Metrics.Model;
using Metrics.Pollers.OpenStack.Client;

namespace Metrics.Pollers.OpenStack;

/// <summary>
/// Every endpoint of the catalogue, asked for its version document without an account, and each service for one cheap call with it: who
/// answers, how, and how fast. A service is up when its call succeeds and no collection of it failed in its last poll.
/// </summary>
internal sealed class EndpointsPoller(WatchedCloud cloud) : IPoller
{
    private static readonly Metric s_up =
        Metric.Gauge("openstack_api_up",
            "Whether an endpoint of the catalogue answers (request=\"version\"), and a service does what it should "
                + "(request=\"authenticated\").", "service", "type", "interface", "region", "url", "request");
    private static readonly Metric s_seconds =
        Metric.Gauge("openstack_api_latency_seconds", "How long the answer took.", "service", "type", "interface", "region", "url",
            "request");
    private static readonly Metric s_status =
        Metric.Gauge("openstack_api_status_code", "HTTP status of the answer; 0 when there was none.", "service", "type", "interface",
            "region", "url", "request");
    private static readonly Dictionary<string, Metric> s_serviceUp = CloudService.All.ToDictionary(
        s => s.Name, s => Metric.Gauge($"openstack_{s.Name}_up", "Whether the service works: it answers, and no collection of it failed."));

    public async ValueTask PollAsync(SampleSink sink, CancellationToken ct)
    {
        Token token;
        try
        {
            token = await cloud.Session.GetAsync(ct);
        }
        catch (CloudException)
        {
            sink.Add(s_serviceUp[CloudService.Identity.Name], 0);
            AddAnswer(
                sink, await AskAsync(CloudService.Identity, cloud.Session.Url, null, ct), CloudService.Identity,
                new CloudEndpoint("identity", "keystone", cloud.Job.Access.Interface, cloud.Job.Access.Region ?? "", cloud.Session.Url),
                "version");
            if (cloud.Session.Current is not { } old)
                return;
            token = old;
        }
        IEnumerable<CloudEndpoint> endpoints =
            token.Catalog.Where(e => cloud.Job.Access.Region is null || e.Region == cloud.Job.Access.Region);
        // Interfaces mostly share one address: it is asked once.
        ILookup<string, CloudEndpoint> byUrl = endpoints.ToLookup(e => e.Url.GetLeftPart(UriPartial.Path).TrimEnd('/'));
        var versions = Task.WhenAll(
            byUrl.Select(async g => (Endpoints: g, Answer: await AskAsync(ServiceOf(g.First().Type), Version(g.First().Url), null, ct))));
        var checks = Task.WhenAll(CloudService.All.Where(s => s.CheapCall is not null && cloud.Api(s).Find(token) is not null)
            .Select(async s =>
                (Service: s, Url: cloud.Api(s).Find(token)!,
                    Answer: await AskAsync(s, ServiceApi.At(cloud.Api(s).Find(token)!, s.CheapCall!), token, ct))));
        foreach ((IGrouping<string, CloudEndpoint> same, Answer answer) in await versions)
        {
            foreach (CloudEndpoint endpoint in same)
                AddAnswer(sink, answer, ServiceOf(endpoint.Type), endpoint, "version");
        }
        foreach ((CloudService service, Uri url, Answer answer) in await checks)
        {
            AddAnswer(
                sink, answer, service,
                new CloudEndpoint(service.Types[0], service.Name, cloud.Job.Access.Interface, cloud.Job.Access.Region ?? "", url),
                "authenticated");
            bool works = IsUp(answer.Status, authenticated: true)
                && !cloud.Outcomes.Any(o => o.Key.Service == service && o.Value is not null);
            sink.Add(s_serviceUp[service.Name], works ? 1 : 0);
        }
    }

    public override string ToString() => $"endpoints of {cloud.Job.Access.Auth.AuthUrl}";

    private static CloudService? ServiceOf(string type) => CloudService.All.FirstOrDefault(s => s.Types.Contains(type));

    /// <summary>Where an API tells its versions: without the project that some addresses end with.</summary>
    private static Uri Version(Uri url)
    {
        string[] parts = url.AbsolutePath.Split('/', StringSplitOptions.RemoveEmptyEntries);
        int version = Array.FindIndex(parts, p => p.Length > 1 && p[0] == 'v' && char.IsAsciiDigit(p[1]));
        string path = string.Join('/', version < 0 ? parts : parts[..(version + 1)]);
        return new Uri($"{url.GetLeftPart(UriPartial.Authority)}/{path}{(path.Length > 0 ? "/" : "")}");
    }

    /// <summary>A version document may ask for a token or be missing; what matters is that the service itself answers.</summary>
    private static bool IsUp(int status, bool authenticated) => authenticated ? status is >= 200 and < 400 : status is >= 200 and < 500;

    private readonly record struct Answer(int Status, double Seconds);

    private async Task<Answer> AskAsync(CloudService? service, Uri url, Token? token, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        if (token is not null)
            request.Headers.TryAddWithoutValidation("X-Auth-Token", token.Id);
        long started = cloud.Time.GetTimestamp();
        // A service that hangs is told as such while this poll still has time to tell it.
        using var deadline = new CancellationTokenSource(cloud.Job.CheckInterval * 0.7, cloud.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, ct);
        try
        {
            using CloudAnswer answer =
                await cloud.Transport.SendAsync(service ?? CloudService.Other, token is null ? "version" : "check", request, either.Token);
            if (answer.Status == 401 && token is not null)
                cloud.Session.Refuse(token);
            await answer.ReadTextAsync(either.Token);
            return new Answer(answer.Status, cloud.Time.GetElapsedTime(started).TotalSeconds);
        }
        catch (Exception e) when (e is CloudException || (e is OperationCanceledException && !ct.IsCancellationRequested))
        {
            return new Answer(0, cloud.Time.GetElapsedTime(started).TotalSeconds);
        }
    }

    private static void AddAnswer(SampleSink sink, Answer answer, CloudService? service, CloudEndpoint endpoint, string request)
    {
        string[] labels =
            [service?.Name ?? endpoint.Service, endpoint.Type, endpoint.Interface, endpoint.Region, endpoint.Url.ToString(), request];
        sink.Add(s_up, IsUp(answer.Status, request == "authenticated") ? 1 : 0, labels);
        sink.Add(s_seconds, answer.Seconds, labels);
        sink.Add(s_status, answer.Status, labels);
    }
}
