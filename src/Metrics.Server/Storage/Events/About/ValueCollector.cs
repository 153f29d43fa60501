using System.Globalization;
using System.Net;
using Metrics.Model;

namespace Metrics.Storage.Events.About;

/// <summary>Collects from events in question the values that others may share.</summary>
/// <param name="query">The question.</param>
/// <param name="answer">Takes what is not followed.</param>
internal sealed class ValueCollector(AboutQuery query, AboutAnswer answer)
{
    /// <summary>Values that are named as not followed.</summary>
    private const int MaxPassed = 100;

    private static readonly (string Name, string Id)[] s_accounts =
        [(EventFields.UserName, EventFields.UserId), (EventFields.TargetUserName, EventFields.TargetUserId)];

    private readonly Dictionary<(Relation, string, string?), FollowedValue> _values = [];
    private readonly Dictionary<Relation, int> _counts = [];
    private readonly Dictionary<Relation, int> _tooMany = [];
    private readonly IReadOnlyList<string> _asked = Relation.FieldsLike(query.Field);

    /// <summary>The values of events; those that mean nothing, or are too many, are noted as not followed.</summary>
    /// <param name="events">The events in question, those first whose values matter most.</param>
    public List<FollowedValue> Collect(IReadOnlyList<(EventBatch Batch, int Row)> events)
    {
        foreach ((EventBatch batch, int row) in events)
        {
            foreach (Relation relation in Relation.All)
            {
                foreach (string field in relation.From)
                    Add(relation, field, batch, row);
            }
        }
        foreach (FollowedValue value in _values.Values)
            value.Times.Sort();
        foreach ((Relation relation, int count) in _tooMany)
        {
            answer.Passed.Add(new PassedValue(relation.Name, relation.From[0], string.Create(CultureInfo.InvariantCulture,
                $"{count} events have further values; {relation.MaxValues} are followed, those of the newest events")));
        }
        return [.. _values.Values];
    }

    private void Add(Relation relation, string field, EventBatch batch, int row)
    {
        if (batch.Value(row, field) is not { Length: > 0 } value || value is "-" or "unknown" || !IsAnother(relation, field, batch, row))
            return;
        string? host = relation.IsOfHost ? batch.Find(row, EventFields.Host) : null;
        if (relation.IsOfHost && host is null)
            return;
        if (WhyNot(relation, value) is { } reason)
        {
            var passed = new PassedValue(relation.Name, $"{field}={value}", reason);
            if (!answer.Passed.Contains(passed) && answer.Passed.Count < MaxPassed)
                answer.Passed.Add(passed);
            return;
        }
        if (!_values.TryGetValue((relation, value, host), out FollowedValue? followed))
        {
            int count = _counts.GetValueOrDefault(relation);
            if (count == relation.MaxValues)
            {
                _tooMany[relation] = _tooMany.GetValueOrDefault(relation) + 1;
                return;
            }
            // A thing of the cloud's is an instance or another resource, and followed once.
            if (relation.From.Contains(EventFields.ResourceId) && batch.Find(row, EventFields.InstanceId) == value)
                return;
            _counts[relation] = count + 1;
            followed = _values[(relation, value, host)] = new FollowedValue(relation, field, value, host);
        }
        followed.Times.Add(batch.Times[row]);
    }

    /// <summary>Whether a field holds something else than what is asked for: another sort, or the account's other name.</summary>
    private bool IsAnother(Relation relation, string field, EventBatch batch, int row)
    {
        if (relation.Fields.Any(_asked.Contains))
            return false;
        bool asksForAccount = _asked == Relation.Names || _asked == Relation.Ids;
        if (!asksForAccount || (relation.Fields != Relation.Names && relation.Fields != Relation.Ids))
            return true;
        // Of another account in the same event nothing is followed: who is about to be asked for is one.
        return s_accounts.Any(a => (a.Id == field && batch.Find(row, a.Name) == query.Value)
            || (a.Name == field && batch.Find(row, a.Id) == query.Value));
    }

    private static string? WhyNot(Relation relation, string value)
    {
        if (relation.Fields == Relation.Addresses && IPAddress.TryParse(value, out IPAddress? address)
            && (IPAddress.IsLoopback(address) || address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any)))
        {
            return "every machine has it";
        }
        if (relation.Fields == Relation.Ids && value.All(char.IsAsciiDigit))
            return "every machine gives such numbers anew";
        if (relation.Fields == Relation.Names && value is "root")
            return "every machine has it";
        return null;
    }
}
