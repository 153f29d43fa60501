using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;

namespace Metrics.Cli;

/// <summary>Events of a daemon as they come; when the connection ends it is made again, and goes on where it was.</summary>
internal static class EventFollower
{
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);

    /// <param name="daemon">The daemon.</param>
    /// <param name="path">Path and query.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancel">Ends it.</param>
    /// <returns>Each event as the API writes it; of type <c>dropped</c> where some were missed.</returns>
    /// <exception cref="CommandException">The daemon cannot be reached at first, or refuses.</exception>
    public static async IAsyncEnumerable<SseItem<string>> FollowAsync(
        DaemonClient daemon, string path, TimeProvider time, [EnumeratorCancellation] CancellationToken cancel)
    {
        string? last = null;
        while (true)
        {
            HttpResponseMessage? answer = await TryConnectAsync(daemon, path, last, cancel);
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

    private static async Task<HttpResponseMessage?> TryConnectAsync(
        DaemonClient daemon, string path, string? last, CancellationToken cancel)
    {
        List<KeyValuePair<string, string>> headers = [new("Accept", "text/event-stream")];
        if (last is not null)
            headers.Add(new("Last-Event-ID", last));
        try
        {
            return await daemon.StreamAsync(path, cancel, headers);
        }
        catch (CommandException e) when (last is not null && e.ExitCode == ExitCode.Unreachable)
        {
            return null;
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
