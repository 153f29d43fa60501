using System.Globalization;
using System.Text;
using System.Text.Json;
using Metrics.Api.Prometheus;
using Metrics.Formats.EventJson;
using Metrics.Model;
using Metrics.Storage;
using Metrics.Storage.Events;

namespace Metrics.Api.Events;

/// <summary>
/// Events as they are committed, as server-sent events. Each client has its place in the log and reads on from there, so nothing waits in
/// memory for one that is slow. One that falls too far behind is sent where it missed some (<c>event: dropped</c>) and goes on with the
/// newest.
/// </summary>
/// <remarks>https://html.spec.whatwg.org/multipage/server-sent-events.html</remarks>
internal sealed class EventStream(EventLog events, EventStreamMetrics metrics, TimeProvider time, IHostApplicationLifetime lifetime)
{
    public const string ContentType = "text/event-stream";

    internal const int MaxClients = 64;

    /// <summary>Events that are read at once, the longest that a client may keep the log's file open.</summary>
    private const int PageSize = 2_000;

    /// <summary>How long ago a client that has caught up before may have had all that there was.</summary>
    private static readonly TimeSpan s_maxBehind = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan s_heartbeat = TimeSpan.FromSeconds(15);

    /// <summary>Least time between two readings: pushed events are committed every few milliseconds.</summary>
    private static readonly TimeSpan s_gather = TimeSpan.FromMilliseconds(100);

    private int _clients;

    /// <summary>Writes until the client goes or the daemon stops.</summary>
    /// <param name="context">The request.</param>
    /// <param name="query">What is wanted; without a place and a time to begin at, what comes from now on.</param>
    public async Task WriteAsync(HttpContext context, EventQuery query)
    {
        if (Interlocked.Increment(ref _clients) > MaxClients)
        {
            Interlocked.Decrement(ref _clients);
            throw new ApiException(
                "unavailable", StatusCodes.Status503ServiceUnavailable, $"{MaxClients} clients follow already; more are not served");
        }
        metrics.Clients.Inc();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        try
        {
            long begin = EventParameters.Cursor(context.Request.Headers["Last-Event-ID"].FirstOrDefault(), "Last-Event-ID")
                ?? query.After ?? (query.From > long.MinValue ? 0 : events.LastId);
            context.Response.ContentType = ContentType;
            context.Response.Headers.CacheControl = "no-store";
            await SendAsync(context, ": events follow\n\n", stop.Token);
            await FollowAsync(context, query with { NewestFirst = false, Limit = PageSize, After = begin }, stop.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The client has gone, or the daemon stops: the usual end.
        }
        finally
        {
            metrics.Clients.Dec();
            Interlocked.Decrement(ref _clients);
        }
    }

    private async Task FollowAsync(HttpContext context, EventQuery query, CancellationToken ct)
    {
        // When the client last had all that there was; null until it has caught up.
        long? hadAll = null;
        while (true)
        {
            Task commit = events.NextCommit;
            long newest = events.LastId;
            long begun = time.GetTimestamp();
            if (newest > query.After && hadAll is { } before && time.GetElapsedTime(before, begun) > s_maxBehind)
            {
                await SendDroppedAsync(context, query.After!.Value, newest, ct);
                query = query with { After = newest };
                hadAll = begun;
            }
            (int sent, long last) = await SendPageAsync(context, query, ct);
            query = query with { After = sent == PageSize ? last : Math.Max(newest, last) };
            if (sent == PageSize)
                continue;
            // Less than a page: everything up to what was the newest before has been looked at.
            hadAll = begun;
            await Task.Delay(s_gather, time, ct);
            if (commit.IsCompleted)
                continue;
            await WaitAsync(context, commit, ct);
            hadAll = time.GetTimestamp();
        }
    }

    private async Task<(int Sent, long Last)> SendPageAsync(HttpContext context, EventQuery query, CancellationToken ct)
    {
        var page = new StringBuilder();
        (int sent, long last) = (0, 0L);
        var buffer = new System.Buffers.ArrayBufferWriter<byte>();
        await using var json = new Utf8JsonWriter(buffer, EventAnswers.Json);
        await foreach (EventBatch batch in events.ReadAsync(query, ct))
        {
            using (batch)
            {
                for (int row = 0; row < batch.Count; row++)
                {
                    buffer.ResetWrittenCount();
                    json.Reset();
                    EventJsonWriter.Write(json, batch, row);
                    json.Flush();
                    last = batch.Ids[row];
                    page.Append(CultureInfo.InvariantCulture, $"id: {last}\ndata: ");
                    page.Append(Encoding.UTF8.GetString(buffer.WrittenSpan)).Append("\n\n");
                }
                sent += batch.Count;
            }
        }
        if (sent > 0)
            await SendAsync(context, page.ToString(), ct);
        return (sent, last);
    }

    private async Task SendDroppedAsync(HttpContext context, long after, long newest, CancellationToken ct)
    {
        metrics.Dropped.Inc();
        await SendAsync(context, string.Create(CultureInfo.InvariantCulture,
            $"event: dropped\nid: {newest}\ndata: {{\"after\":{after},\"to\":{newest}}}\n\n"), ct);
    }

    private async Task WaitAsync(HttpContext context, Task commit, CancellationToken ct)
    {
        while (true)
        {
            try
            {
                await commit.WaitAsync(s_heartbeat, time, ct);
                return;
            }
            catch (TimeoutException)
            {
                await SendAsync(context, ": nothing new\n\n", ct);
            }
        }
    }

    private static async Task SendAsync(HttpContext context, string text, CancellationToken ct)
    {
        await context.Response.WriteAsync(text, ct);
        await context.Response.Body.FlushAsync(ct);
    }
}
