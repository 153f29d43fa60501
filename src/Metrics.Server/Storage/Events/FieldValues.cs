using System.Text;
using Metrics.Model;

namespace Metrics.Storage.Events;

/// <summary>Events whose field has one of these values.</summary>
/// <param name="Field">The field's full name.</param>
/// <param name="Values">The values, at least one, none of them empty.</param>
/// <param name="Host">Only those of this host; null is any.</param>
internal sealed record FieldValues(string Field, IReadOnlyList<string> Values, string? Host = null)
{
    /// <summary>The expression whose value the field's is.</summary>
    public string Key => EventQuery.Column(Field) ?? EventQuery.Attribute(Field);

    /// <summary>The condition on a row.</summary>
    public string Sql
    {
        get
        {
            var sql = new StringBuilder("(");
            if (Host is not null)
                sql.Append("host = ").Append(EventQuery.Quote(Host)).Append(" AND ");
            if (EventQuery.Column(Field) is null)
            {
                // Most rows lack the field: they need not be taken apart.
                string text = EventAttributes.Text(Field, Values.Count == 1 ? Values[0] : "");
                sql.Append("contains(attributes, ").Append(EventQuery.Quote(Values.Count == 1 ? text : text[..^1])).Append(')');
                if (Values.Count == 1)
                    return sql.Append(')').ToString();
                sql.Append(" AND ");
            }
            return sql.Append(Key).Append(" IN (").AppendJoin(", ", Values.Select(EventQuery.Quote)).Append("))").ToString();
        }
    }

    /// <summary>Whether an event is one of them; it is asked about the field alone.</summary>
    public bool Matches(EventBatch batch, int row) =>
        batch.Value(row, Field) is { } value && Values.Contains(value) && (Host is null || batch.Find(row, EventFields.Host) == Host);
}
