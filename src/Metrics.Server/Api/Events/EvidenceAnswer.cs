using System.Text.Json;
using Metrics.Storage;
using Metrics.Storage.Events.Evidence;

namespace Metrics.Api.Events;

/// <summary>
/// A check of the event log as lines of JSON: a day each when it is checked, how far it is while a day takes long, and at last that all
/// were looked at, or why not.
/// </summary>
internal sealed class EvidenceAnswer(EvidenceCheck check, IHostApplicationLifetime lifetime, TimeProvider time)
{
    private static readonly TimeSpan s_progress = TimeSpan.FromSeconds(10);

    /// <summary>Checks, and writes what is found.</summary>
    public async Task WriteAsync(HttpContext context)
    {
        context.Response.ContentType = "application/x-ndjson";
        // Who asks knows at once that the daemon answers; a day may take minutes.
        await context.Response.StartAsync(context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        try
        {
            await CheckAsync(context, end.Token);
        }
        catch (StoreException e)
        {
            await WriteAsync(context, new { done = false, error = e.Message });
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested && end.IsCancellationRequested)
        {
            await WriteAsync(context, new { done = false, error = "the daemon stops" });
        }
    }

    private async Task CheckAsync(HttpContext context, CancellationToken ct)
    {
        (int days, int wrong, int unreadable) = (0, 0, 0);
        await using IAsyncEnumerator<CheckedDay> checks = check.RunAsync(ct).GetAsyncEnumerator(ct);
        while (await NextAsync(checks, context))
        {
            CheckedDay day = checks.Current;
            days++;
            wrong += day.IsWrong ? 1 : 0;
            unreadable += day.State == DayState.Unreadable ? 1 : 0;
            string state = day.State.ToString().ToLowerInvariant();
            await WriteAsync(context, new { table = day.Table, state, events = day.Events, head = day.Head, reason = day.Reason });
        }
        await WriteAsync(context, new { done = true, days, wrong, unreadable });
    }

    private async Task<bool> NextAsync(IAsyncEnumerator<CheckedDay> checks, HttpContext context)
    {
        Task<bool> next = checks.MoveNextAsync().AsTask();
        try
        {
            while (true)
            {
                await ((Task)next).WaitAsync(s_progress, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (next.IsCompleted)
                    return await next;
                if (check.Progress is var (table, events))
                    await WriteAsync(context, new { reading = table, events });
            }
        }
        finally
        {
            // Whatever has happened here, the check must have ended before it is given up.
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task WriteAsync(HttpContext context, object line)
    {
        await context.Response.WriteAsync(JsonSerializer.Serialize(line) + "\n", context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
    }
}
