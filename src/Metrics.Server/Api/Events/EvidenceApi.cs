using System.Text.Json;
using Metrics.Access;
using Metrics.Formats.EventJson;
using Metrics.Model;
using Metrics.Storage;
using Metrics.Storage.Events.Evidence;
using Metrics.Storage.State;

namespace Metrics.Api.Events;

/// <summary>
/// Whether the event log is as it was sealed: <c>GET /api/v1/evidence/verify</c>, a line of JSON a day as it is checked, and a last one
/// that says that it is whole. <c>GET /api/v1/evidence/seals</c>: the seals themselves.
/// </summary>
internal static class EvidenceApi
{
    public static void MapEvidence(this WebApplication app)
    {
        app.MapGet("/api/v1/evidence/seals", SealsAsync).For(Role.Viewer);
        app.MapGet("/api/v1/evidence/verify", VerifyAsync).For(Role.Viewer);
    }

    private static async Task<IResult> SealsAsync(EventSeals seals) => Results.Json(new
    {
        status = "success",
        data = new
        {
            seals = (await seals.LoadAsync()).Select(s => new
            {
                table = s.Table, firstId = s.FirstId, lastId = s.LastId, count = s.Count, hash = s.Hash, before = s.Before, head = s.Head,
                sealedAt = EventTime.Format(new Timestamp(s.SealedAt).ToNanoseconds()),
            }),
        },
    });

    private static async Task VerifyAsync(HttpContext context, EvidenceCheck check)
    {
        CancellationToken aborted = context.RequestAborted;
        context.Response.ContentType = "application/x-ndjson";
        (int days, int wrong) = (0, 0);
        try
        {
            await foreach (CheckedDay day in check.RunAsync(aborted))
            {
                days++;
                wrong += day.IsWrong ? 1 : 0;
                string state = day.State.ToString().ToLowerInvariant();
                await WriteAsync(context, new { table = day.Table, state, events = day.Events, head = day.Head, reason = day.Reason });
            }
            await WriteAsync(context, new { done = true, days, wrong });
        }
        catch (Exception e) when (e is StoreException or StateUnavailableException)
        {
            await WriteAsync(context, new { done = false, error = e.Message });
        }
    }

    private static async Task WriteAsync(HttpContext context, object line)
    {
        await context.Response.WriteAsync(JsonSerializer.Serialize(line) + "\n", context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
    }
}
