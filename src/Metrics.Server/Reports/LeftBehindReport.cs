using Metrics.Formats;
using Metrics.Query;
using Metrics.Query.Engine;
using Metrics.Querying;

namespace Metrics.Reports;

/// <summary>What is left behind in the clouds that are polled by owners who are gone, as it is now.</summary>
internal sealed class LeftBehindReport(QueryService queries) : ReportSource
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);
    private static readonly PreparedQuery s_kinds = Parse("sum by (instance, kind) (openstack_orphans)");
    private static readonly PreparedQuery s_owners = Parse("sort_desc(openstack_orphan_owner_resources > 0)");
    private static readonly PreparedQuery s_doubts = Parse("openstack_orphan_check_doubtful == 1");
    private static readonly PreparedQuery s_unknown = Parse("sum by (instance, kind) (openstack_orphans_unknown) > 0");

    public override string Title => "Left behind by deleted owners";

    public override async Task<IReadOnlyList<ReportPart>> MakeAsync(ReportSpan span, CancellationToken ct)
    {
        IReadOnlyList<VectorElement> kinds = await AskAsync(s_kinds), owners = await AskAsync(s_owners);
        var notes = new List<string>();
        // While the check is in doubt it says nothing of orphans at all.
        notes.AddRange((await AskAsync(s_doubts)).Select(d => $"The check of {d.Labels["instance"]} is in doubt ({d.Labels["reason"]})."));
        if (kinds.Count == 0 && notes.Count == 0)
            return [ReportPart.Of(Title, "Not known: no cloud is polled, or none has answered of late.")];
        notes.AddRange(kinds.Where(k => k.Sample.Value > 0).Select(k => $"{Of(k)}."));
        if (kinds.Count > 0 && notes.Count == 0)
            notes.Add("Nothing.");
        notes.AddRange((await AskAsync(s_unknown)).Select(u => $"Of {Of(u)} it could not be decided."));
        return
        [
            new ReportPart(
                Title, string.Join(' ', notes), ["cloud", "owner", "id", "resources"],
                [
                    .. owners.Take(span.Limit).Select(o => new[]
                        { o.Labels["instance"], o.Labels["owner"], o.Labels["id"], FloatText.Format(o.Sample.Value) }),
                ], owners.Count - span.Limit),
        ];

        async Task<IReadOnlyList<VectorElement>> AskAsync(PreparedQuery query) =>
            (await queries.InstantAsync(query, span.Now / 1_000_000, s_patience, ct: ct)).Vector;
    }

    private static string Of(VectorElement element) =>
        $"{FloatText.Format(element.Sample.Value)} of {element.Labels["kind"]} in {element.Labels["instance"]}";

    private static PreparedQuery Parse(string text) => PreparedQuery.TryParse(text, out PreparedQuery? query, out QueryError? error)
        ? query! : throw new FormatException(error!.ToString());
}
