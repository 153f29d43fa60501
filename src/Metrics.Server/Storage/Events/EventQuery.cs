using System.Globalization;
using System.Text;
using Metrics.Model;
using Metrics.Series;

namespace Metrics.Storage.Events;

/// <summary>Which events are wanted, and in which order.</summary>
internal sealed record EventQuery
{
    /// <summary>Events that are sorted with all their texts; of more the ids alone.</summary>
    private const int MaxSortedWhole = 100;

    /// <summary>Conditions on fields, named in either form; each must hold. A field that an event lacks has the empty value.</summary>
    public IReadOnlyList<LabelMatcher> Matchers { get; init; } = [];

    /// <summary>Only events of these kinds; null is any.</summary>
    public IReadOnlySet<string>? Kinds { get; init; }

    /// <summary>Earliest time, nanoseconds since 1970 UTC, inclusive.</summary>
    public long From { get; init; } = long.MinValue;

    /// <summary>Latest time, inclusive.</summary>
    public long To { get; init; } = long.MaxValue;

    /// <summary>Only events for which one of these holds; empty is any.</summary>
    public IReadOnlyList<FieldValues> Any { get; init; } = [];

    /// <summary>Only events of one of these spans of time, inclusive; empty is any.</summary>
    public IReadOnlyList<(long From, long To)> Spans { get; init; } = [];

    /// <summary>Text that the body must hold, whatever its case; empty is any.</summary>
    public string Text { get; init; } = "";

    /// <summary>Whether their texts are left empty: those lie in most of what would be read from the disk.</summary>
    public bool WithoutBody { get; init; }

    /// <summary>The id behind which to go on; null begins at the end that the order names.</summary>
    public long? After { get; init; }

    /// <summary>Whether the newest come first; the order is that of arrival.</summary>
    public bool NewestFirst { get; init; }

    /// <summary>How many at most; 0 is all.</summary>
    public int Limit { get; init; }

    /// <summary>
    /// After how many bytes, as batches count them, no further batch is given; of searches only (<see cref="IsSearch"/>).
    /// </summary>
    public long MaxBytes { get; init; } = long.MaxValue;

    /// <summary>Whether only some events are wanted of those that lie there, so that many may have to be read for one.</summary>
    public bool IsSearch => Limit > 0 && (Text.Length > 0 || Matchers.Count > 0 || Kinds is not null || Any.Count > 0);

    /// <summary>Whether a table may hold any of them.</summary>
    public bool MayBeIn(EventTable table) => table.MaxTime >= From && table.MinTime <= To
        && (Spans.Count == 0 || Spans.Any(s => table.MaxTime >= s.From && table.MinTime <= s.To))
        && (After is not { } after || (NewestFirst ? table.FirstId < after : table.LastId > after));

    /// <summary>What of a table lies behind the place from which to go on.</summary>
    public EventTable Within(EventTable table) => After is not { } after ? table
        : NewestFirst ? table with { LastId = Math.Min(table.LastId, after - 1) }
        : table with { FirstId = Math.Max(table.FirstId, after + 1) };

    /// <summary>The question to one table.</summary>
    /// <param name="table">The table, or a part of it (<see cref="Within"/>); what came into it since is not looked at.</param>
    /// <param name="limit">How many at most; 0 is all.</param>
    public string Sql(EventTable table, int limit)
    {
        string columns = WithoutBody ? EventLogRows.ColumnsWithoutBody : EventLogRows.Columns;
        string newest = NewestFirst ? " ORDER BY id DESC" : "";
        string few = limit > 0 ? string.Create(CultureInfo.InvariantCulture, $" LIMIT {limit}") : "";
        // Rows lie in the order of their ids: the oldest first need no sorting. Of many that do, whole ones would not fit into the memory.
        return NewestFirst && limit > MaxSortedWhole
            ? $"SELECT {columns} FROM {table.Name} WHERE id IN (SELECT id FROM {table.Name} WHERE {Where(table)}{newest}{few}){newest}"
            : $"SELECT {columns} FROM {table.Name} WHERE {Where(table)}{newest}{few}";
    }

    private string Where(EventTable table)
    {
        var sql = new StringBuilder();
        sql.Append(CultureInfo.InvariantCulture, $"id >= {table.FirstId} AND id <= {table.LastId}");
        if (From > long.MinValue)
            sql.Append(CultureInfo.InvariantCulture, $" AND time >= {From}");
        if (To < long.MaxValue)
            sql.Append(CultureInfo.InvariantCulture, $" AND time <= {To}");
        if (Kinds is { } kinds)
            sql.Append(" AND kind IN (''").Append(string.Concat(kinds.Select(k => ", " + Quote(k)))).Append(')');
        foreach (LabelMatcher matcher in Matchers)
            sql.Append(" AND ").Append(Condition(EventFields.FullName(matcher.Name), matcher));
        if (Spans.Count > 0)
            sql.Append(" AND ").Append(WithinAny(Spans));
        if (Any.Count > 0)
            sql.Append(" AND (").AppendJoin(" OR ", Any.Select(a => a.Sql)).Append(')');
        if (Text.Length > 0)
            sql.Append(" AND contains(lower(body), lower(").Append(Quote(Text)).Append("))");
        return sql.ToString();
    }

    /// <summary>The condition that an event lies in one of some spans of time.</summary>
    public static string WithinAny(IReadOnlyList<(long From, long To)> spans) => $"""
        (time >= {spans.Min(s => s.From)} AND time <= {spans.Max(s => s.To)}
        AND ({string.Join(" OR ", spans.Select(s => $"time BETWEEN {s.From} AND {s.To}"))}))
        """;

    private static string Condition(string field, LabelMatcher matcher)
    {
        bool isText = matcher.Kind is MatchKind.Equal or MatchKind.NotEqual;
        string not = matcher.Kind is MatchKind.NotEqual or MatchKind.NotRegex ? "NOT " : "";
        if (isText && matcher.Value.Length > 0 && Column(field) is null)
            return $"{not}contains(attributes, {Quote(EventAttributes.Text(field, matcher.Value))})";
        string column = Column(field) ?? Attribute(field);
        return isText ? $"{not}{column} = {Quote(matcher.Value)}" : $"{not}regexp_full_match({column}, {Quote(matcher.Value)}, 's')";
    }

    /// <summary>The value of a field without a column of its own; empty where an event lacks it.</summary>
    public static string Attribute(string field) => $"coalesce(json_extract_string(attributes, {Quote($"$.\"{field}\"")}), '')";

    /// <summary>The value of a field that has a column of its own; null for others.</summary>
    public static string? Column(string field) => field switch
    {
        EventFields.Kind => "kind",
        EventFields.Body => "body",
        EventFields.SeverityNumber => "CAST(severity AS VARCHAR)",
        EventFields.Host => "coalesce(host, '')",
        EventFields.Service => "coalesce(service, '')",
        _ => null,
    };

    /// <summary>A text as SQL writes it.</summary>
    public static string Quote(string text) =>
        $"'{text.Replace("'", "''", StringComparison.Ordinal).Replace("\0", "", StringComparison.Ordinal)}'";
}
