using System.Globalization;
using Metrics.Model;
using Metrics.Telemetry;

namespace Metrics.Storage.Events.About;

/// <summary>
/// Finds what is known about a value: the events that have it, and around them those that share their request, session, instance, origin,
/// account or host. What everybody shares is not followed.
/// </summary>
/// <param name="events">The event log.</param>
/// <param name="memory">What queries may hold together: an answer takes of it what its events are, until it is disposed.</param>
internal sealed class EventInvestigator(EventLog events, MemoryShare memory)
{
    /// <summary>Others that are looked at in all.</summary>
    private const int MaxOthers = 20_000;

    private const long MaxBytesByDefault = 32L << 20;

    /// <summary>Of what queries may hold together: the log is read in up to four parts at once, each of which may find so much.</summary>
    private const int ShareOfQueries = 8;

    /// <summary>Bytes of events with the value, and of others.</summary>
    private readonly long _maxBytes = Math.Min(MaxBytesByDefault, memory.Bytes / ShareOfQueries);

    /// <exception cref="StoreException">The log cannot be read now, or queries hold all that they may.</exception>
    public async Task<AboutAnswer> FindAsync(AboutQuery query, CancellationToken ct)
    {
        var answer = new AboutAnswer(memory);
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
            Any = asked, From = query.From, To = query.To, NewestFirst = true, Limit = query.Limit, MaxBytes = _maxBytes,
        }, ct);
        if (isCut)
            answer.Cut.Add(Text($"only the newest {about.Count} events with it are looked at; there may be more"));
        answer.Events.AddRange(about.Select(a => new AboutEvent(a.Batch, a.Row, ["about"])));
        List<FollowedValue> values = new ValueCollector(query, answer).Collect(about);
        var spans = TimeSpans.Around(about.Select(a => a.Batch.Times[a.Row]), query.Around);
        var known = about.Select(a => a.Batch.Ids[a.Row]).ToHashSet();
        answer.Followed = await WithoutSharedAsync(values, spans, asked, answer, ct);
        if (answer.Followed.Count > 0)
            await AddOthersAsync(query, spans.Few, known, asked, answer, ct);
        answer.Events = [.. answer.Events.OrderBy(e => e.Batch.Times[e.Row]).ThenBy(e => e.Batch.Ids[e.Row])];
    }

    /// <summary>The values that not everybody shares.</summary>
    private async Task<List<FollowedValue>> WithoutSharedAsync(
        List<FollowedValue> values, TimeSpans spans, FieldValues[] asked, AboutAnswer answer, CancellationToken ct)
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
            Any = any, Spans = spans, NewestFirst = true, Limit = MaxOthers + known.Count, MaxBytes = _maxBytes,
        }, ct);
        if (isCut)
        {
            int others = read.Count(r => !known.Contains(r.Batch.Ids[r.Row]));
            answer.Cut.Add(Text($"only the newest {others} others were looked at; there may be more"));
        }
        var byValue = answer.Followed.ToDictionary(f => (f.Relation, f.Value, f.Host));
        var found = new List<(AboutEvent One, int Closeness, Int128 Distance)>();
        foreach ((EventBatch batch, int row) in read)
        {
            // What has the value itself outside of the time that was asked for is no other event.
            if (known.Contains(batch.Ids[row]) || asked.Any(a => a.Matches(batch, row)))
                continue;
            (List<FollowedValue> by, Int128 distance) = Shared(byValue, batch, row, query.Around);
            if (by.Count == 0)
                continue;
            by.ForEach(b => b.Events++);
            found.Add((new AboutEvent(batch, row, [.. by.Select(b => b.Relation.Name).Distinct()]), Closeness(by[0].Relation), distance));
        }
        if (found.Count > query.Limit)
        {
            int cut = found.Count - query.Limit;
            answer.Cut.Add(Text(
                $"{cut} of {found.Count} other events are left out, those that share least and are farthest in time"));
        }
        answer.Events.AddRange(found.OrderBy(o => o.Closeness).ThenBy(o => o.Distance).Take(query.Limit).Select(o => o.One));
    }

    /// <summary>What an event shares, the closest first, and how far from there the nearest lies that shares it.</summary>
    private static (List<FollowedValue> By, Int128 Distance) Shared(
        Dictionary<(Relation, string, string?), FollowedValue> values, EventBatch batch, int row, long around)
    {
        var shared = new List<FollowedValue>();
        Int128 nearest = Int128.MaxValue;
        foreach (Relation relation in Relation.All)
        {
            string? host = relation.IsOfHost ? batch.Find(row, EventFields.Host) : null;
            foreach (string field in relation.Fields)
            {
                if (batch.Value(row, field) is not { } value || !values.TryGetValue((relation, value, host), out FollowedValue? found)
                    || shared.Contains(found) || found.Distance(batch.Times[row]) is var distance && distance > around)
                {
                    continue;
                }
                shared.Add(found);
                nearest = Int128.Min(nearest, distance);
            }
        }
        return (shared, nearest);
    }

    private static IEnumerable<FieldValues> Conditions(IGrouping<Relation, FollowedValue> values) =>
        from host in values.GroupBy(v => v.Host)
        from field in values.Key.Fields
        select new FieldValues(field, [.. host.Select(v => v.Value)], host.Key);

    private static int Closeness(Relation relation) => Relation.All.TakeWhile(r => r != relation).Count();

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
