using System.Globalization;
using DuckDB.NET.Data;
using Metrics.Formats;
using Metrics.Model;
using Metrics.Series;

namespace Metrics.Storage.Samples.DuckDb;

/// <summary>
/// From labels to the small numbers by which the sample tables know them. Not thread-safe; the store's write lock guards it.
/// </summary>
internal sealed class SeriesTable
{
    /// <summary>Series that the head does not hold are remembered up to this many.</summary>
    private const int MaxOutsideHead = 100_000;

    /// <summary>From this many unknown series on, one question is asked for all of them.</summary>
    private const int ManyUnknown = 8;

    private readonly DuckDBConnection _connection;
    private readonly Dictionary<Labels, int> _outsideHead = [];
    private readonly Dictionary<Labels, int> _new = [];
    private (Labels? Labels, int Id)[] _bySlot = new (Labels?, int)[1024];
    private int _nextId;
    private bool _isEmpty;

    public SeriesTable(DuckDBConnection connection)
    {
        _connection = connection;
        Execute("CREATE TEMPORARY TABLE wanted(hash BIGINT NOT NULL)");
        ReadNextId();
    }

    /// <summary>Learns the numbers of all series of some batches; new ones are written at the next <see cref="Flush"/>.</summary>
    public void Learn(IReadOnlyList<SampleBatch> batches)
    {
        var unknown = new HashSet<Labels>();
        foreach (SampleBatch batch in batches)
        {
            foreach (Labels labels in batch.Series)
            {
                if (Known(labels) is null)
                    unknown.Add(labels);
            }
        }
        if (unknown.Count > 0)
            Learn(unknown);
    }

    /// <summary>The number of a series.</summary>
    public int Id(Labels labels)
    {
        if (Known(labels) is { } id)
            return id;
        // It was learnt, and its place has gone to another since.
        Learn([labels]);
        return Known(labels)!.Value;
    }

    private void Learn(HashSet<Labels> unknown)
    {
        Dictionary<Labels, int> stored = _isEmpty ? [] : Stored(unknown);
        foreach (Labels labels in unknown)
        {
            if (!stored.TryGetValue(labels, out int id) && !_new.TryGetValue(labels, out id))
                _new.Add(labels, id = _nextId++);
            Remember(labels, id);
        }
    }

    private int? Known(Labels labels)
    {
        int slot = labels.Slot;
        if ((uint)slot < (uint)_bySlot.Length
            && _bySlot[slot] is ({ } there, var id)
            && (ReferenceEquals(there, labels) || there.Equals(labels)))
            return id;
        return _outsideHead.TryGetValue(labels, out id) ? id : null;
    }

    private void Remember(Labels labels, int id)
    {
        int slot = labels.Slot;
        if (slot < 0)
        {
            if (_outsideHead.Count >= MaxOutsideHead)
                _outsideHead.Clear();
            _outsideHead[labels] = id;
            return;
        }
        if (slot >= _bySlot.Length)
            Array.Resize(ref _bySlot, Math.Max(slot + 1, _bySlot.Length * 2));
        _bySlot[slot] = (labels, id);
    }

    /// <summary>Writes the new series, within the caller's transaction.</summary>
    public void Flush()
    {
        if (_new.Count == 0)
            return;
        using (DuckDBAppender appender = _connection.CreateAppender("series"))
        {
            foreach ((Labels labels, int id) in _new)
                appender.CreateRow().AppendValue(id).AppendValue(Hash(labels)).AppendValue(LabelsJson.Write(labels)).AppendNullValue()
                    .EndRow();
        }
        _isEmpty = false;
        _new.Clear();
        _new.TrimExcess();
    }

    /// <summary>Forgets everything that may not have been committed.</summary>
    public void Forget()
    {
        _outsideHead.Clear();
        _new.Clear();
        Array.Clear(_bySlot);
        ReadNextId();
    }

    /// <summary>The labels of the numbers that a query gives.</summary>
    public static Dictionary<int, Labels> Load(DuckDBConnection connection, string idQuery)
    {
        using DuckDBCommand command = connection.CreateCommand();
        command.CommandText = $"SELECT id, labels FROM series WHERE id IN ({idQuery})";
        using DuckDBDataReader reader = command.ExecuteReader();
        var labels = new Dictionary<int, Labels>();
        while (reader.Read())
            labels[reader.GetInt32(0)] = LabelsJson.Read(reader.GetString(1));
        return labels;
    }

    /// <summary>The series that meet all conditions, by number.</summary>
    public static Dictionary<int, Labels> Find(DuckDBConnection connection, IReadOnlyList<LabelMatcher> matchers)
    {
        using DuckDBCommand command = connection.CreateCommand();
        // What is asked for exactly stands in the text; what else is asked is looked at here.
        string[] parts =
            [.. matchers.Where(m => m.Kind == MatchKind.Equal && m.Value.Length > 0)
                .Select(m => LabelsJson.Write(Labels.Of(new Label(m.Name, m.Value)))[1..^1])];
        command.CommandText = "SELECT id, labels FROM series" + (
            parts.Length == 0 ? "" : " WHERE " + string.Join(" AND ", parts.Select((_, i) => $"contains(labels, ${i + 1})")));
        foreach (string part in parts)
            command.Parameters.Add(new DuckDBParameter(part));
        using DuckDBDataReader reader = command.ExecuteReader();
        var found = new Dictionary<int, Labels>();
        while (reader.Read())
        {
            Labels labels = LabelsJson.Read(reader.GetString(1));
            if (matchers.All(m => m.Matches(labels)))
                found[reader.GetInt32(0)] = labels;
        }
        return found;
    }

    /// <summary>Those of some series that are in the table.</summary>
    private Dictionary<Labels, int> Stored(HashSet<Labels> unknown)
    {
        string hashes = string.Join(',', unknown.Take(ManyUnknown).Select(l => Hash(l).ToString(CultureInfo.InvariantCulture)));
        if (unknown.Count > ManyUnknown)
        {
            Execute("DELETE FROM wanted");
            using DuckDBAppender appender = _connection.CreateAppender("temp", "main", "wanted");
            foreach (Labels labels in unknown)
                appender.CreateRow().AppendValue(Hash(labels)).EndRow();
            hashes = "FROM wanted";
        }
        using DuckDBCommand command = _connection.CreateCommand();
        command.CommandText = $"SELECT id, labels FROM series WHERE hash IN ({hashes})";
        using DuckDBDataReader reader = command.ExecuteReader();
        var stored = new Dictionary<Labels, int>();
        while (reader.Read())
        {
            Labels labels = LabelsJson.Read(reader.GetString(1));
            if (unknown.Contains(labels))
                stored[labels] = reader.GetInt32(0);
        }
        return stored;
    }

    private void Execute(string sql)
    {
        using DuckDBCommand command = _connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private void ReadNextId()
    {
        using DuckDBCommand command = _connection.CreateCommand();
        command.CommandText = "SELECT coalesce(max(id), 0) FROM series";
        _nextId = Convert.ToInt32(command.ExecuteScalar(), CultureInfo.InvariantCulture) + 1;
        _isEmpty = _nextId == 1;
    }

    private static long Hash(Labels labels) => unchecked((long)labels.StableHash());
}
