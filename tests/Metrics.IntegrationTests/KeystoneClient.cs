using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Metrics.IntegrationTests;

/// <summary>Somebody who talks to a real Keystone, from an address of their own (any of 127.0.0.0/8).</summary>
internal sealed class KeystoneClient : IDisposable
{
    private readonly HttpClient _http;
    private readonly string _url;

    public KeystoneClient(string url, string from)
    {
        _url = url;
        _http = new HttpClient(new SocketsHttpHandler
        {
            PooledConnectionLifetime = TimeSpan.Zero,
            ConnectCallback = async (context, ct) =>
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                socket.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
                await socket.ConnectAsync(context.DnsEndPoint, ct);
                return new NetworkStream(socket, ownsSocket: true);
            },
        });
    }

    /// <summary>Logs in; gives a token, or null where that is refused.</summary>
    public async Task<string?> LogInAsync(string user, string password, string? project = null)
    {
        var domain = new { id = "default" };
        var identity = new { methods = new[] { "password" }, password = new { user = new { name = user, domain, password } } };
        object auth = project is null ? new { identity } : new { identity, scope = new { project = new { name = project, domain } } };
        using HttpResponseMessage answer = await _http.PostAsync($"{_url}/auth/tokens", Json(new { auth }));
        if (answer.StatusCode == HttpStatusCode.Unauthorized)
            return null;
        answer.StatusCode.Should().Be(HttpStatusCode.Created, await answer.Content.ReadAsStringAsync());
        return answer.Headers.GetValues("X-Subject-Token").Single();
    }

    /// <summary>Makes an account, as an administrator.</summary>
    /// <returns>Its id.</returns>
    public async Task<string> MakeUserAsync(string token, string name, string password, bool enabled = true, bool isExempt = false)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{_url}/users");
        request.Headers.Add("X-Auth-Token", token);
        // No failures lock what is exempt.
        object options = isExempt ? new { ignore_lockout_failure_attempts = true } : new { };
        request.Content = Json(new { user = new { name, password, enabled, options } });
        using HttpResponseMessage answer = await _http.SendAsync(request);
        string text = await answer.Content.ReadAsStringAsync();
        answer.StatusCode.Should().Be(HttpStatusCode.Created, text);
        return JsonDocument.Parse(text).RootElement.GetProperty("user").GetProperty("id").GetString()!;
    }

    public void Dispose() => _http.Dispose();

    /// <summary>Of a length that is said: uWSGI reads no other.</summary>
    private static StringContent Json(object value) => new(JsonSerializer.Serialize(value), Encoding.UTF8, "application/json");
}
