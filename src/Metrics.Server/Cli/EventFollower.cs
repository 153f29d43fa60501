using System.Globalization;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;

namespace Metrics.Cli;

/// <summary>Events of a daemon as they come; when the connection ends it is made again, and goes on where it was.</summary>
internal static class EventFollower
{
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);

    /// <param name="http">Speaks with the daemon, without a timeout.</param>
    /// <param name="url">Address and query.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancel">Ends it.</param>
    /// <returns>Each event as the API writes it; of type <c>dropped</c> where some were missed.</returns>
    /// <exception cref="HttpRequestException">The daemon cannot be reached at first, or refuses.</exception>
    public static async IAsyncEnumerable<SseItem<string>> FollowAsync(
        HttpClient http, string url, TimeProvider time, [EnumeratorCancellation] CancellationToken cancel)
    {
        string? last = null;
        while (true)
        {
            HttpResponseMessage? answer = await TryConnectAsync(http, url, last, cancel);
            if (answer is not null)
            {
                using (answer)
                {
                    await using Stream body = await answer.Content.ReadAsStreamAsync(cancel);
                    await using IAsyncEnumerator<SseItem<string>> items =
                        SseParser.Create(body).EnumerateAsync(cancel).GetAsyncEnumerator(cancel);
                    while (await TryMoveAsync(items))
                    {
                        last = items.Current.EventId ?? last;
                        yield return items.Current;
                    }
                }
            }
            await Task.Delay(s_pause, time, cancel);
        }
    }

    private static async Task<HttpResponseMessage?> TryConnectAsync(HttpClient http, string url, string? last, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        request.Headers.TryAddWithoutValidation("Accept", "text/event-stream");
        if (last is not null)
            request.Headers.TryAddWithoutValidation("Last-Event-ID", last);
        HttpResponseMessage answer;
        try
        {
            answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
        }
        catch (HttpRequestException) when (last is not null)
        {
            return null;
        }
        if (answer.IsSuccessStatusCode)
            return answer;
        using (answer)
        {
            string reason = await answer.Content.ReadAsStringAsync(cancel);
            throw new HttpRequestException(string.Create(CultureInfo.InvariantCulture, $"HTTP {(int)answer.StatusCode}: {reason}"));
        }
    }

    private static async Task<bool> TryMoveAsync(IAsyncEnumerator<SseItem<string>> items)
    {
        try
        {
            return await items.MoveNextAsync();
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            return false;
        }
    }
}
