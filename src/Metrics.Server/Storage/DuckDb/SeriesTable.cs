using System.Globalization;
using DuckDB.NET.Data;
using Metrics.Model;
using Metrics.Series;

namespace Metrics.Storage.DuckDb;

/// <summary>From labels to the small numbers by which the sample tables know them. Not thread-safe; the store's write lock guards it.</summary>
internal sealed class SeriesTable
{
    /// <summary>Above this many known labels the map is emptied and filled anew with what is still in use.</summary>
    private const int MaxKnown = 2_000_000;

    private readonly DuckDBConnection _connection;
    private readonly Dictionary<Labels, int> _known = [];
    private readonly List<(int Id, Labels Labels)> _new = [];
    private (Labels? Labels, int Id)[] _bySlot = new (Labels?, int)[1024];
    private int _nextId;
    private bool _isEmpty;

    public SeriesTable(DuckDBConnection connection)
    {
        _connection = connection;
        ReadNextId();
    }

    /// <summary>The number of a series; a new one is written at the next <see cref="Flush"/>.</summary>
    public int Id(Labels labels)
    {
        int slot = labels.Slot;
        if ((uint)slot < (uint)_bySlot.Length && ReferenceEquals(_bySlot[slot].Labels, labels))
            return _bySlot[slot].Id;
        if (!_known.TryGetValue(labels, out int id))
        {
            if (_known.Count > MaxKnown)
                _known.Clear();
            id = Stored(labels) ?? Create(labels);
            _known.Add(labels, id);
        }
        if (slot >= 0)
        {
            if (slot >= _bySlot.Length)
                Array.Resize(ref _bySlot, Math.Max(slot + 1, _bySlot.Length * 2));
            _bySlot[slot] = (labels, id);
        }
        return id;
    }

    /// <summary>Writes the new series, within the caller's transaction.</summary>
    public void Flush()
    {
        if (_new.Count == 0)
            return;
        using (DuckDBAppender appender = _connection.CreateAppender("series"))
        {
            foreach ((int id, Labels labels) in _new)
                appender.CreateRow().AppendValue(id).AppendValue(Hash(labels)).AppendValue(LabelsJson.Write(labels)).AppendNullValue().EndRow();
        }
        _isEmpty = false;
        _new.Clear();
        _new.TrimExcess();
    }

    /// <summary>Forgets everything that may not have been committed.</summary>
    public void Forget()
    {
        _known.Clear();
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
        string[] parts = [.. matchers.Where(m => m.Kind == MatchKind.Equal && m.Value.Length > 0).Select(m => LabelsJson.Write(Labels.Of(new Label(m.Name, m.Value)))[1..^1])];
        command.CommandText = "SELECT id, labels FROM series" + (parts.Length == 0 ? "" : " WHERE " + string.Join(" AND ", parts.Select((_, i) => $"contains(labels, ${i + 1})")));
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

    private int Create(Labels labels)
    {
        int id = _nextId++;
        _new.Add((id, labels));
        return id;
    }

    private int? Stored(Labels labels)
    {
        if (_isEmpty)
            return null;
        using DuckDBCommand command = _connection.CreateCommand();
        command.CommandText = string.Create(CultureInfo.InvariantCulture, $"SELECT id, labels FROM series WHERE hash = {Hash(labels)}");
        using DuckDBDataReader reader = command.ExecuteReader();
        while (reader.Read())
        {
            if (LabelsJson.Read(reader.GetString(1)).Equals(labels))
                return reader.GetInt32(0);
        }
        return null;
    }

    private void ReadNextId()
    {
        using DuckDBCommand command = _connection.CreateCommand();
        command.CommandText = "SELECT coalesce(max(id), 0) FROM series";
        _nextId = Convert.ToInt32(command.ExecuteScalar(), CultureInfo.InvariantCulture) + 1;
        _isEmpty = _nextId == 1;
    }

    private static long Hash(Labels labels) =>
        unchecked((long)ulong.Parse(labels.Fingerprint(), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
}
