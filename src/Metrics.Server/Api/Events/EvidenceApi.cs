using Metrics.Access;
using Metrics.Formats.EventJson;
using Metrics.Model;
using Metrics.Storage.Events.Evidence;

namespace Metrics.Api.Events;

/// <summary>
/// Whether the event log is as it was sealed: <c>GET /api/v1/evidence/verify</c>, a line of JSON a day as it is checked
/// (<see cref="EvidenceAnswer"/>). <c>GET /api/v1/evidence/seals</c>: the seals themselves.
/// </summary>
internal static class EvidenceApi
{
    public static void MapEvidence(this WebApplication app)
    {
        const string Seals = "/api/v1/evidence/seals", Verify = "/api/v1/evidence/verify";
        app.MapGet(Seals, (HttpContext context, EventSeals seals, HttpMetrics metrics) =>
            EventAnswers.AnswerAsync(context, metrics, Seals, _ => SealsAsync(seals))).For(Role.Viewer);
        app.MapGet(Verify, (HttpContext context, EvidenceAnswer answer, HttpMetrics metrics) =>
            EventAnswers.AnswerAsync(context, metrics, Verify, () => answer.WriteAsync(context))).For(Role.Viewer);
    }

    private static async Task<object> SealsAsync(EventSeals seals) => new
    {
        seals = (await seals.LoadAsync()).Select(s => new
        {
            table = s.Table, firstId = s.FirstId, lastId = s.LastId, count = s.Count, hash = s.Hash, before = s.Before, head = s.Head,
            sealedAt = EventTime.Format(new Timestamp(s.SealedAt).ToNanoseconds()),
        }),
    };
}
