using System.Globalization;
using Metrics.Model;

namespace Metrics.Storage.Events.About;

/// <summary>
/// Finds what is known about a value: the events that have it, and around them those that share their request, session, instance, origin,
/// account or host. What everybody shares is not followed.
/// </summary>
internal sealed class EventInvestigator(EventLog events)
{
    /// <summary>Others that are looked at in all.</summary>
    private const int MaxOthers = 20_000;

    /// <summary>Bytes of events with the value, and of others.</summary>
    private const long MaxBytes = 32L << 20;

    /// <exception cref="StoreException">The log cannot be read now.</exception>
    public async Task<AboutAnswer> FindAsync(AboutQuery query, CancellationToken ct)
    {
        var answer = new AboutAnswer();
        try
        {
            await FindAsync(query, answer, ct);
            return answer;
        }
        catch
        {
            answer.Dispose();
            throw;
        }
    }

    private async Task FindAsync(AboutQuery query, AboutAnswer answer, CancellationToken ct)
    {
        FieldValues[] asked = [.. Relation.FieldsLike(query.Field).Select(f => new FieldValues(f, [query.Value]))];
        (List<(EventBatch Batch, int Row)> about, bool isCut) = await answer.TakeAsync(events, new EventQuery
        {
            Any = asked, From = query.From, To = query.To, NewestFirst = true, Limit = query.Limit, MaxBytes = MaxBytes,
        }, ct);
        if (isCut)
            answer.Cut.Add(Text($"only the newest {about.Count} events with it are looked at; there may be more"));
        answer.Events.AddRange(about.Select(a => new AboutEvent(a.Batch, a.Row, ["about"])));
        List<FollowedValue> values = new ValueCollector(query, answer).Collect(about);
        IReadOnlyList<(long From, long To)> spans = TimeSpans.Around(about.Select(a => a.Batch.Times[a.Row]), query.Around);
        var known = about.Select(a => a.Batch.Ids[a.Row]).ToHashSet();
        answer.Followed = await WithoutSharedAsync(values, spans, asked, answer, ct);
        if (answer.Followed.Count > 0)
            await AddOthersAsync(query, TimeSpans.Few(spans), known, asked, answer, ct);
        answer.Events = [.. answer.Events.OrderBy(e => e.Batch.Times[e.Row]).ThenBy(e => e.Batch.Ids[e.Row])];
    }

    /// <summary>The values that not everybody shares.</summary>
    private async Task<List<FollowedValue>> WithoutSharedAsync(
        List<FollowedValue> values, IReadOnlyList<(long From, long To)> spans, FieldValues[] asked, AboutAnswer answer,
        CancellationToken ct)
    {
        var followed = new List<FollowedValue>();
        foreach (IGrouping<Relation, FollowedValue> some in values.GroupBy(v => v.Relation))
        {
            Relation relation = some.Key;
            IReadOnlyDictionary<(string, string?), ValueShare> shares = relation.MaxOthers is null
                ? new Dictionary<(string, string?), ValueShare>()
                : await events.SharesAsync(new ShareQuery([.. Conditions(some)], asked, spans, relation.MaxAccounts is not null), ct);
            foreach (FollowedValue value in some)
            {
                if (WhyNot(relation, shares.GetValueOrDefault((value.Value, value.Host))) is { } reason)
                    answer.Passed.Add(new PassedValue(relation.Name, value.Text, reason));
                else
                    followed.Add(value);
            }
        }
        return followed;
    }

    private static string? WhyNot(Relation relation, ValueShare share)
    {
        if (share.Accounts > relation.MaxAccounts)
            return Text($"{share.Accounts} accounts share it");
        if (share.Requests > relation.MaxRequests)
            return Text($"it has worked on {share.Requests} requests");
        return share.Others > relation.MaxOthers ? Text($"{share.Others} other events of the time share it") : null;
    }

    private async Task AddOthersAsync(
        AboutQuery query, IReadOnlyList<(long From, long To)> spans, HashSet<long> known, FieldValues[] asked, AboutAnswer answer,
        CancellationToken ct)
    {
        FieldValues[] any = [.. answer.Followed.GroupBy(f => f.Relation).SelectMany(Conditions)];
        (List<(EventBatch Batch, int Row)> read, bool isCut) = await answer.TakeAsync(events, new EventQuery
        {
            Any = any, Spans = spans, NewestFirst = true, Limit = MaxOthers + known.Count, MaxBytes = MaxBytes,
        }, ct);
        if (isCut)
            answer.Cut.Add(Text($"only the newest {read.Count(r => !known.Contains(r.Batch.Ids[r.Row]))} others were looked at; there are more"));
        var byValue = answer.Followed.ToDictionary(f => (f.Relation, f.Value, f.Host));
        var others = new List<(AboutEvent One, int Closeness, Int128 Distance)>();
        foreach ((EventBatch batch, int row) in read)
        {
            // What has the value itself outside of the time that was asked for is no other event.
            if (known.Contains(batch.Ids[row]) || asked.Any(a => a.Matches(batch, row)))
                continue;
            List<FollowedValue> by = Shared(byValue, batch, row, query.Around);
            if (by.Count == 0)
                continue;
            by.ForEach(b => b.Events++);
            others.Add((new AboutEvent(batch, row, [.. by.Select(b => b.Relation.Name).Distinct()]), Closeness(by[0].Relation),
                by.Min(b => b.Distance(batch.Times[row]))));
        }
        if (others.Count > query.Limit)
        {
            answer.Cut.Add(Text(
                $"{others.Count - query.Limit} of {others.Count} other events are left out, those that share least and are farthest in time"));
        }
        answer.Events.AddRange(others.OrderBy(o => o.Closeness).ThenBy(o => o.Distance).Take(query.Limit).Select(o => o.One));
    }

    /// <summary>What an event shares, the closest first.</summary>
    private static List<FollowedValue> Shared(
        Dictionary<(Relation, string, string?), FollowedValue> values, EventBatch batch, int row, long around)
    {
        var shared = new List<FollowedValue>();
        foreach (Relation relation in Relation.All)
        {
            string? host = relation.IsOfHost ? batch.Find(row, EventFields.Host) : null;
            foreach (string field in relation.Fields)
            {
                if (batch.Value(row, field) is { } value && values.TryGetValue((relation, value, host), out FollowedValue? found)
                    && found.IsNear(batch.Times[row], around) && !shared.Contains(found))
                {
                    shared.Add(found);
                }
            }
        }
        return shared;
    }

    private static IEnumerable<FieldValues> Conditions(IGrouping<Relation, FollowedValue> values) =>
        from host in values.GroupBy(v => v.Host)
        from field in values.Key.Fields
        select new FieldValues(field, [.. host.Select(v => v.Value)], host.Key);

    private static int Closeness(Relation relation) => Relation.All.TakeWhile(r => r != relation).Count();

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
