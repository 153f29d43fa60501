using System.Collections.Concurrent;
using System.Net;
using Metrics.Configuration;
using Metrics.Text;

namespace Metrics.Tests.Configuration;

/// <summary>How endpoints are reached, in Prometheus's words, over real connections.</summary>
public sealed class HttpAccessTests
{
    [Theory]
    [InlineData(301, "GET", "Basic dTpw there")]
    [InlineData(302, "GET", "Basic dTpw there")]
    [InlineData(308, "GET", "Basic dTpw there")]
    [InlineData(307, "POST", "Basic dTpw there body")]
    [InlineData(302, "POST", null)]
    public async Task A_redirect_is_followed_with_who_we_are_and_never_loses_a_body(int status, string method, string? seen)
    {
        using var server = new LocalServer(async context =>
        {
            if (context.Request.Url!.AbsolutePath == "/here")
            {
                context.Response.StatusCode = status;
                context.Response.Headers["Location"] = "/there";
                return;
            }
            string said = $"{context.Request.Headers["Authorization"]} {context.Request.Url.AbsolutePath[1..]}";
            await WriteAsync(context, $"{said} {await LocalServer.ReadAsync(context)}".TrimEnd());
        });
        HttpAccess access = Read("{ basic_auth: { username: u, password: p }, follow_redirects: true }");
        using var request = new HttpRequestMessage(new HttpMethod(method), server.Url + "here")
        {
            Content = method == "POST" ? new StringContent("body") : null,
        };
        using HttpResponseMessage answer = await SendAsync(access, request);
        if (seen is null)
            ((int)answer.StatusCode).Should().Be(status, "the caller must know that nothing was delivered");
        else
            (await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Should().Be(seen);
    }

    [Theory]
    [InlineData("http://a.example/", "http://a.example:8080/x", "Bearer secret")]
    [InlineData("http://a.example/", "http://sub.a.example/x", "Bearer secret")]
    [InlineData("http://a.example/", "http://b.example/x", null)]
    [InlineData("http://a.example/", "https://a.example/x", "Bearer secret")]
    [InlineData("https://a.example/", "http://a.example/x", "not followed")]
    [InlineData("http://a.example/", "file:///etc/passwd", "not followed")]
    public async Task A_redirect_takes_secrets_to_no_other_host_and_nothing_out_of_TLS(string from, string to, string? shown)
    {
        var stub = new Stub(r => r.RequestUri!.AbsolutePath == "/" ? to : null);
        using var http = new HttpMessageInvoker(new RedirectingHandler(stub));
        using var request = new HttpRequestMessage(HttpMethod.Get, from);
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer secret");
        request.Headers.TryAddWithoutValidation("User-Agent", "us");
        using HttpResponseMessage answer = await http.SendAsync(request, TestContext.Current.CancellationToken);
        if (shown == "not followed")
            (stub.Seen.Count, (int)answer.StatusCode).Should().Be((1, 302));
        else
            stub.Seen.Last().Should().Be($"{to} {shown} us");
    }

    [Theory]
    [InlineData("http://b.example/x", "open")]
    [InlineData("http://sub.a.example/x", "open key")]
    public async Task A_secret_header_is_for_the_first_host_alone(string to, string seen)
    {
        HttpAccess access = Read("{ http_headers: { X-Open: { values: [open] }, X-Key: { secrets: [key] } } }");
        var stub = new Stub(r => r.RequestUri!.AbsolutePath == "/" ? to : null);
        using var http = new HttpMessageInvoker(new RedirectingHandler(stub));
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://a.example/");
        await access.SignAsync(request, TimeProvider.System, TestContext.Current.CancellationToken);
        (await http.SendAsync(request, TestContext.Current.CancellationToken)).Dispose();
        stub.Headers.Last().Should().Be(seen);
    }

    [Theory]
    [InlineData(60, 53, 1)]
    [InlineData(3600, 3539, 1)]
    [InlineData(3600, 3541, 2)]
    [InlineData(60, 56, 2)]
    public async Task A_token_is_used_for_nearly_all_its_life(int life, int after, int asks)
    {
        int asked = 0;
        using var server = new LocalServer(context =>
        {
            asked++;
            return WriteAsync(context, $$"""{ "access_token": "t", "expires_in": {{life}} }""");
        });
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        OAuth2Options oauth = Read($"{{ oauth2: {{ client_id: id, client_secret: s, token_url: '{server.Url}' }} }}").OAuth2!;
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => oauth.TokenAsync(time, TestContext.Current.CancellationToken)));
        asked.Should().Be(1, "all that need one wait for the same");
        time.Advance(TimeSpan.FromSeconds(after));
        await oauth.TokenAsync(time, TestContext.Current.CancellationToken);
        asked.Should().Be(asks);
    }

    [Fact]
    public async Task A_server_that_refuses_is_not_asked_by_every_poll()
    {
        int asked = 0;
        using var server = new LocalServer(context =>
        {
            asked++;
            context.Response.StatusCode = 401;
            return Task.CompletedTask;
        });
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        OAuth2Options oauth = Read($"{{ oauth2: {{ client_id: id, client_secret: s, token_url: '{server.Url}' }} }}").OAuth2!;
        for (int poll = 0; poll < 5; poll++)
        {
            Func<Task> ask = () => oauth.TokenAsync(time, TestContext.Current.CancellationToken);
            await ask.Should().ThrowAsync<HttpRequestException>().WithMessage("the token server answers HTTP status 401");
        }
        asked.Should().Be(2, "by both ways once");
        time.Advance(TimeSpan.FromSeconds(10));
        await FluentActions.Awaiting(() => oauth.TokenAsync(time, default)).Should().ThrowAsync<HttpRequestException>();
        asked.Should().Be(4);
    }

    [Fact]
    public async Task A_redirect_in_circles_ends()
    {
        using var http = new HttpMessageInvoker(new RedirectingHandler(new Stub(_ => "/circle")));
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://a.example/");
        Func<Task> turn = () => http.SendAsync(request, TestContext.Current.CancellationToken);
        await turn.Should().ThrowAsync<HttpRequestException>().WithMessage("there are more than 10 redirects");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_token_is_asked_for_once_by_whichever_way_the_server_takes(bool takesHeader)
    {
        var asked = new ConcurrentQueue<string>();
        using var server = new LocalServer(async context =>
        {
            if (context.Request.Url!.AbsolutePath != "/token")
            {
                await WriteAsync(context, context.Request.Headers["Authorization"] ?? "");
                return;
            }
            string form = await LocalServer.ReadAsync(context);
            asked.Enqueue(form);
            bool isOurs = takesHeader ? context.Request.Headers["Authorization"] == "Basic aWQ6c2VjcmV0"
                : form.Contains("client_id=id&client_secret=secret", StringComparison.Ordinal);
            context.Response.StatusCode = isOurs ? 200 : 401;
            await WriteAsync(context, isOurs ? """{ "access_token": "t1", "expires_in": 3600 }""" : "{}");
        });
        HttpAccess access = Read($"{{ oauth2: {{ client_id: id, client_secret: secret, token_url: '{server.Url}token', scopes: [a, b], "
            + "endpoint_params: { audience: x } } }");
        for (int round = 0; round < 2; round++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, server.Url);
            using HttpResponseMessage answer = await SendAsync(access, request);
            (await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Should().Be("Bearer t1");
        }
        asked.Should().HaveCount(takesHeader ? 1 : 2);
        asked.Last().Should().StartWith("audience=x&grant_type=client_credentials&scope=a+b");
    }

    [Fact]
    public async Task Each_request_has_the_headers_that_are_configured()
    {
        string file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, "from-file\n", TestContext.Current.CancellationToken);
        using var server = new LocalServer(context => WriteAsync(context, context.Request.Headers["X-Scope-OrgID"] ?? ""));
        HttpAccess access = Read($"{{ http_headers: {{ X-Scope-OrgID: {{ values: [a], secrets: [b], files: ['{file}'] }} }} }}");
        using var request = new HttpRequestMessage(HttpMethod.Get, server.Url);
        using HttpResponseMessage answer = await SendAsync(access, request);
        (await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Should().Be("a, b, from-file");
        File.Delete(file);
    }

    [Theory]
    [InlineData("{ basic_auth: { username: u }, bearer_token: t }", "basic_auth and bearer_token cannot stand together")]
    [InlineData("{ authorization: { type: Basic, credentials: x } }", "type is basic; set basic_auth")]
    [InlineData("{ proxy_from_environment: true, proxy_url: 'http://p:1' }", "cannot stand together")]
    [InlineData("{ no_proxy: a }", "no_proxy needs proxy_url")]
    [InlineData("{ http_headers: { Authorization: { values: [a] } } }", "http_headers.Authorization cannot be set")]
    [InlineData("{ http_headers: { X: { files: ['/not/there'] } } }", "holds '/not/there', which does not exist")]
    public void What_cannot_be_is_said(string yaml, string said)
    {
        var problems = new List<Problem>();
        HttpAccess.Read(Section(yaml, problems), null);
        problems.Should().ContainSingle().Which.ToString().Should().Contain(said);
    }

    [Theory]
    [InlineData("http://a.example.org/", "example.org", true)]
    [InlineData("http://example.org/", "example.org", true)]
    [InlineData("http://example.org/", ".example.org", false)]
    [InlineData("http://a.example.org/", ".example.org", true)]
    [InlineData("http://a.example.org/", "*.example.org", true)]
    [InlineData("http://badexample.org/", "example.org", false)]
    [InlineData("http://10.1.2.3/", "10.0.0.0/8", true)]
    [InlineData("http://11.1.2.3/", "10.0.0.0/8", false)]
    [InlineData("http://10.1.2.3:9100/", "10.1.2.3:9100", true)]
    [InlineData("http://10.1.2.3:9101/", "10.1.2.3:9100", false)]
    [InlineData("http://[fd00::1]:9100/", "fd00::/8", true)]
    [InlineData("http://[fd00::1]:9100/", "fd00::1", true)]
    [InlineData("http://anything/", "other, *", true)]
    [InlineData("http://localhost/", "other", true)]
    [InlineData("http://127.0.0.1/", "", true)]
    [InlineData("http://127.0.0.1/", null, false)]
    public void Some_hosts_are_reached_without_the_proxy(string url, string? except, bool isBypassed)
    {
        var proxy = new NamedProxy(new Uri("http://proxy:3128"), "kim:s%40fe", except);
        proxy.IsBypassed(new Uri(url)).Should().Be(isBypassed);
        proxy.Credentials!.GetCredential(new Uri("http://proxy:3128"), "Basic").Should()
            .BeEquivalentTo(new { UserName = "kim", Password = "s@fe" });
    }

    [Theory]
    [InlineData("http://a.example/", "http://one:3128/")]
    [InlineData("https://a.example/", "http://two:3128/")]
    [InlineData("http://10.1.2.3/", null)]
    [InlineData("https://x.inner.example/", null)]
    public void The_environment_names_proxies_as_for_Go(string url, string? expected)
    {
        var variables = new Dictionary<string, string>
        {
            ["http_proxy"] = "one:3128", ["HTTPS_PROXY"] = "http://kim:s3cret@two:3128", ["NO_PROXY"] = "10.0.0.0/8,inner.example",
        };
        var proxy = new EnvironmentProxy(variables.GetValueOrDefault);
        var destination = new Uri(url);
        proxy.GetProxy(destination)?.ToString().Should().Be(expected);
        proxy.IsBypassed(destination).Should().Be(expected is null);
        proxy.Credentials!.GetCredential(new Uri("http://two:3128"), "Basic")?.Password.Should().Be("s3cret");
        proxy.Credentials.GetCredential(new Uri("http://one:3128"), "Basic").Should().BeNull();
    }

    private static HttpAccess Read(string yaml)
    {
        var problems = new List<Problem>();
        HttpAccess access = HttpAccess.Read(Section(yaml, problems), null);
        problems.Should().BeEmpty();
        return access;
    }

    private static YamlSection Section(string yaml, List<Problem> problems) =>
        new((YamlMap)YamlComposer.Compose(yaml, "test", problems)!, "test", "", problems);

    private static async Task<HttpResponseMessage> SendAsync(HttpAccess access, HttpRequestMessage request)
    {
        await access.SignAsync(request, TimeProvider.System, TestContext.Current.CancellationToken);
        using HttpMessageInvoker http = access.ToSettings(new HttpSettings()).CreateInvoker();
        HttpResponseMessage answer = await http.SendAsync(request, TestContext.Current.CancellationToken);
        await answer.Content.LoadIntoBufferAsync(TestContext.Current.CancellationToken);
        return answer;
    }

    private static Task WriteAsync(HttpListenerContext context, string text) =>
        context.Response.OutputStream.WriteAsync(System.Text.Encoding.UTF8.GetBytes(text)).AsTask();

    /// <summary>Answers without a network: with a redirect, or with nothing.</summary>
    private sealed class Stub(Func<HttpRequestMessage, string?> redirect) : HttpMessageHandler
    {
        public List<string> Seen { get; } = [];

        public List<string> Headers { get; } = [];

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            string? shown = request.Headers.TryGetValues("Authorization", out IEnumerable<string>? values) ? values.Single() : null;
            Seen.Add($"{request.RequestUri} {shown} {request.Headers.UserAgent}");
            Headers.Add(string.Join(' ', request.Headers.Where(h => h.Key is "X-Open" or "X-Key").SelectMany(h => h.Value)));
            var answer = new HttpResponseMessage(HttpStatusCode.OK);
            if (redirect(request) is { } to)
            {
                answer.StatusCode = HttpStatusCode.Found;
                answer.Headers.Location = new Uri(to, UriKind.RelativeOrAbsolute);
            }
            return Task.FromResult(answer);
        }
    }
}
