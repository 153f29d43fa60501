using System.Globalization;
using System.Text;
using Metrics.Model;

namespace Metrics.Formats.Logs.Audit;

/// <summary>
/// The records of an audit event one by one, with all their pairs, out of the text that the event has kept. Used again and again: it holds
/// one event at a time.
/// </summary>
internal sealed class AuditRecords
{
    /// <summary>Records and pairs of one event that are looked at; a text holds some thousand at the most.</summary>
    private const int MaxRecords = 256, MaxPairs = 4096;

    private readonly List<string> _types = [];

    /// <summary>Where the pairs of each record begin.</summary>
    private readonly List<int> _starts = [];
    private readonly List<Pair> _pairs = [];

    /// <param name="Key">Its key.</param>
    /// <param name="Start">Where its value stands in the text.</param>
    /// <param name="Length">How long that is.</param>
    /// <param name="Value">The value, decoded when it was first asked for; null before.</param>
    private readonly record struct Pair(string Key, int Start, int Length, string? Value);

    /// <summary>How many there are.</summary>
    public int Count => _types.Count;

    /// <summary>Takes the records of an event.</summary>
    /// <param name="text">Its text, with what a relay has put before each line.</param>
    /// <param name="type">The type of a text that names none.</param>
    public void Read(ReadOnlySpan<byte> text, string type)
    {
        _types.Clear();
        _starts.Clear();
        _pairs.Clear();
        foreach (Range range in text.Split((byte)'\n'))
        {
            if (_types.Count == MaxRecords)
                return;
            ReadOnlySpan<byte> line = text[range];
            int at = line.IndexOf("type="u8);
            if (at < 0 || !AuditLine.TryRead(line[at..], out AuditLine read))
                continue;
            AddRecord(AuditTypes.NameOf(read.Type), text, read.Body);
        }
        if (_types.Count == 0)
            AddRecord(type, text, text);
    }

    /// <summary>The type of a record: <c>EXECVE</c>.</summary>
    public string TypeOf(int record) => _types[record];

    /// <summary>The value of a key in one record, decoded; null where the record has none.</summary>
    /// <param name="text">The text that was read.</param>
    /// <param name="record">Which record.</param>
    /// <param name="key">The key, as <c>a0</c> or <c>exe</c>.</param>
    public string? Find(ReadOnlySpan<byte> text, int record, string key)
    {
        for (int at = _starts[record]; at < EndOf(record); at++)
        {
            if (_pairs[at].Key == key)
                return ValueOf(text, at, record);
        }
        return FindPieces(text, record, key);
    }

    /// <summary>As <see cref="Find"/>, in whatever record of the event it stands first.</summary>
    public string? FindAnywhere(ReadOnlySpan<byte> text, string key)
    {
        for (int record = 0; record < Count; record++)
        {
            if (Find(text, record, key) is { } value)
                return value;
        }
        return null;
    }

    /// <summary>Whether a key is that of an argument: <c>a0</c>, <c>a1</c> …</summary>
    public static bool IsArgument(string key) =>
        key.Length > 1 && key[0] == 'a' && int.TryParse(key.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out _);

    /// <summary>A long argument comes in pieces: <c>a2[0] a2[1] …</c>.</summary>
    private string? FindPieces(ReadOnlySpan<byte> text, int record, string key)
    {
        if (_types[record] != "EXECVE" || !IsArgument(key))
            return null;
        StringBuilder? whole = null;
        for (int at = _starts[record]; at < EndOf(record); at++)
        {
            string name = _pairs[at].Key;
            if (name.Length > key.Length && name[key.Length] == '[' && name.StartsWith(key, StringComparison.Ordinal))
                (whole ??= new StringBuilder()).Append(ValueOf(text, at, record));
        }
        return whole?.ToString();
    }

    private int EndOf(int record) => record + 1 < Count ? _starts[record + 1] : _pairs.Count;

    private string ValueOf(ReadOnlySpan<byte> text, int at, int record)
    {
        Pair pair = _pairs[at];
        if (pair.Value is { } known)
            return known;
        string value = Decode(text.Slice(pair.Start, pair.Length), pair.Key[..ArgumentLength(pair.Key)], record);
        _pairs[at] = pair with { Value = value };
        return value;
    }

    private static int ArgumentLength(string key) => key.IndexOf('[', StringComparison.Ordinal) is > 0 and var at ? at : key.Length;

    /// <summary>Of a system call <c>a0</c> to <c>a3</c> are numbers; of a program they are texts, as are names that others chose.</summary>
    private string Decode(ReadOnlySpan<byte> value, string key, int record)
    {
        bool isText = IsArgument(key) ? _types[record] == "EXECVE"
            : key is "name" or "exe" or "comm" or "cwd" or "key" or "cmd" or "proctitle" or "acct" or "terminal" or "sw";
        if (!isText)
            return TextPool.Shared.Get(AuditText.Bare(value));
        var text = new AuditText(stackalloc byte[Math.Min(value.Length, EventBounds.MaxValueLength)]);
        text.Append(value);
        return Encoding.UTF8.GetString(text.Written);
    }

    private void AddRecord(string type, ReadOnlySpan<byte> text, ReadOnlySpan<byte> body)
    {
        _types.Add(type);
        _starts.Add(_pairs.Count);
        AddPairs(text, body);
    }

    private void AddPairs(ReadOnlySpan<byte> text, ReadOnlySpan<byte> body, bool isNested = false)
    {
        var pairs = new AuditPairs(body);
        while (_pairs.Count < MaxPairs && pairs.Next(out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value))
        {
            if (!isNested && key.SequenceEqual("msg"u8) && value.Contains((byte)'='))
                AddPairs(text, value, isNested: true);
            else if (text.Overlaps(value, out int start))
                _pairs.Add(new Pair(TextPool.Shared.Get(key), start, value.Length, null));
        }
    }
}
