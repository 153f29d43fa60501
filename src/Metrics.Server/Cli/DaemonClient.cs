using System.Net;
using System.Text;
using System.Text.Json;
using Metrics.Access;
using Metrics.Model;

namespace Metrics.Cli;

/// <summary>
/// Asks a running daemon over HTTP. Every failure is one <see cref="CommandException"/>: with 3 when nobody answers in time, with 1 and the
/// daemon's own words when it refuses.
/// </summary>
internal sealed class DaemonClient : IDisposable
{
    private readonly HttpClient _http;
    private readonly string _root;
    private readonly TimeSpan _timeout;

    /// <param name="url">Address without a slash at the end, or <c>unix:/PATH</c>.</param>
    /// <param name="token">Access token, or null for none.</param>
    /// <param name="timeout">How long to wait for the head of an answer, and for all of one that is not a download.</param>
    /// <param name="connection">How it is reached; by the system's authorities where that is not given.</param>
    public DaemonClient(string url, string? token, TimeSpan timeout, DaemonConnection? connection = null)
    {
        (Url, _timeout) = (url, timeout);
        _root = ListenAddress.SocketPathOf(url) is null ? url : "http://localhost";
        _http = (connection ?? DaemonConnection.Plain).CreateClient(url, timeout);
        if (token is not null && !_http.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", $"Bearer {token}"))
            throw new CommandException(ExitCode.Misuse, "the token holds characters that cannot be sent");
    }

    /// <summary>Where it asks.</summary>
    public string Url { get; }

    /// <summary>Asks for JSON.</summary>
    /// <param name="path">Path and query, from <c>/</c> on.</param>
    /// <param name="cancel">Ends the waiting.</param>
    public async Task<JsonElement> GetAsync(string path, CancellationToken cancel) =>
        await JsonAsync(new HttpRequestMessage(HttpMethod.Get, _root + path), cancel);

    /// <summary>Asks for a text.</summary>
    /// <param name="path">Path and query, from <c>/</c> on.</param>
    /// <param name="cancel">Ends the waiting.</param>
    public async Task<string> GetTextAsync(string path, CancellationToken cancel)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, _root + path);
        using HttpResponseMessage answer = await SendAsync(request, HttpCompletionOption.ResponseContentRead, cancel);
        return await answer.Content.ReadAsStringAsync(cancel);
    }

    /// <summary>Asks for JSON where there may be none.</summary>
    /// <returns>The answer; null when the server has nothing there (HTTP 404).</returns>
    /// <inheritdoc cref="GetAsync"/>
    public async Task<JsonElement?> FindAsync(string path, CancellationToken cancel)
    {
        try
        {
            return await GetAsync(path, cancel);
        }
        catch (CommandException e) when (e.Status == HttpStatusCode.NotFound)
        {
            return null;
        }
    }

    /// <summary>Reads JSON that a daemon has sent.</summary>
    /// <exception cref="CommandException">It is none.</exception>
    public JsonElement Parse(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonElement.Parse(json);
        }
        catch (JsonException)
        {
            throw new CommandException(ExitCode.Unreachable, $"what answers at {Url} is no metricsd: its answer is not JSON");
        }
    }

    /// <summary>Takes apart what a daemon has answered.</summary>
    /// <param name="answer">The answer, or a part of it.</param>
    /// <param name="read">Takes what is needed; it need not look whether it is there.</param>
    /// <exception cref="CommandException">The answer has another form than that of a metricsd.</exception>
    public T Read<T>(JsonElement answer, Func<JsonElement, T> read)
    {
        try
        {
            return read(answer);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException
            or IndexOutOfRangeException or ArgumentException)
        {
            throw new CommandException(
                ExitCode.Unreachable, $"what answers at {Url} is no metricsd: its answer has another form: {e.Message}");
        }
    }

    /// <inheritdoc cref="Read{T}(JsonElement, Func{JsonElement, T})"/>
    public void Read(JsonElement answer, Action<JsonElement> read) => Read(answer, a =>
    {
        read(a);
        return true;
    });

    /// <summary>Sends JSON and reads JSON.</summary>
    public async Task<JsonElement> PostAsync(string path, object body, CancellationToken cancel)
    {
        // With its length given, which a stream of JSON would not have.
        var content = new StringContent(JsonSerializer.Serialize(body), Encoding.UTF8, "application/json");
        return await JsonAsync(new HttpRequestMessage(HttpMethod.Post, _root + path) { Content = content }, cancel);
    }

    /// <summary>Asks that something ends.</summary>
    public async Task DeleteAsync(string path, CancellationToken cancel)
    {
        var request = new HttpRequestMessage(HttpMethod.Delete, _root + path);
        using HttpResponseMessage answer = await SendAsync(request, HttpCompletionOption.ResponseContentRead, cancel);
    }

    /// <summary>Asks for something large, or without an end; the answer's body is read by the caller, without a timeout.</summary>
    /// <param name="path">Path and query, from <c>/</c> on.</param>
    /// <param name="cancel">Ends the waiting.</param>
    /// <param name="headers">More headers of the request.</param>
    public Task<HttpResponseMessage> StreamAsync(
        string path, CancellationToken cancel, IReadOnlyList<KeyValuePair<string, string>>? headers = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, _root + path);
        foreach ((string name, string value) in headers ?? [])
            request.Headers.TryAddWithoutValidation(name, value);
        return SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
    }

    public void Dispose() => _http.Dispose();

    private async Task<JsonElement> JsonAsync(HttpRequestMessage request, CancellationToken cancel)
    {
        using HttpResponseMessage answer = await SendAsync(request, HttpCompletionOption.ResponseContentRead, cancel);
        return Parse(await answer.Content.ReadAsByteArrayAsync(cancel));
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, HttpCompletionOption until, CancellationToken cancel)
    {
        HttpResponseMessage answer;
        try
        {
            answer = await _http.SendAsync(request, until, cancel);
        }
        catch (HttpRequestException e)
        {
            throw new CommandException(ExitCode.Unreachable, $"no daemon answers at {Url}: {e.Message}");
        }
        catch (TaskCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new CommandException(ExitCode.Unreachable, $"no daemon answers at {Url}: no answer within {Duration.Format(_timeout)}");
        }
        finally
        {
            request.Dispose();
        }
        if (answer.IsSuccessStatusCode)
            return answer;
        using (answer)
            throw Refused(answer.StatusCode, DaemonError.TextOf(await answer.Content.ReadAsStringAsync(cancel)));
    }

    private CommandException Refused(HttpStatusCode status, string text) => new(ExitCode.No, status switch
    {
        HttpStatusCode.Unauthorized => $"{Url} asks for a token (HTTP 401): give one by --token-file FILE or {DaemonToken.Variable}",
        HttpStatusCode.Forbidden => $"{Url} refuses this with the token given (HTTP 403){(text.Length > 0 ? $": {text}" : "")}",
        _ => text.Length > 0 ? $"{text} (HTTP {(int)status})" : $"{Url} answers HTTP {(int)status}",
    }) { Status = status };
}
