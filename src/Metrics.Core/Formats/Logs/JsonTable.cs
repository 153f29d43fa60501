using System.Buffers;
using System.Text;
using System.Text.Json;
using Metrics.Model;

namespace Metrics.Formats.Logs;

/// <summary>Takes members of a JSON object into fields of a record, as a table says; passes over all others.</summary>
/// <remarks>
/// Paths name members within each other by <c>/</c>: <c>alert/signature</c>. Lists become one text with commas. Where two paths lead to
/// one field, the member that comes last is taken. Names are compared as they are written, without escapes.
/// </remarks>
internal sealed class JsonTable
{
    private readonly Node _root = new();

    /// <param name="table">Path and field.</param>
    public JsonTable(params ReadOnlySpan<(string Path, string Field)> table)
    {
        foreach ((string path, string field) in table)
        {
            Node node = _root;
            foreach (string name in path.Split('/'))
                node = node.GetOrAdd(name);
            node.Field = field;
        }
    }

    /// <summary>Reads an object.</summary>
    /// <param name="json">All of it.</param>
    /// <param name="record">Gets the fields; some of them also where it ends too early.</param>
    /// <returns>Whether it is one JSON object.</returns>
    public bool TryRead(ReadOnlySpan<byte> json, LogRecord record)
    {
        // Cut off, as most of what is broken is: the reader would set half of the fields, and throw, which takes long.
        if (json.TrimEnd(" \t\r\n"u8) is not [.., (byte)'}'])
            return false;
        try
        {
            var reader = new Utf8JsonReader(json);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                return false;
            ReadObject(ref reader, _root, record);
            // Nothing may stand behind it.
            return !reader.Read();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The other one: bytes that are no UTF-8, or half of a character that takes two.
            return false;
        }
    }

    /// <summary>Whether an object has a member of a name near its start: what its kind is, looking at few bytes.</summary>
    /// <param name="json">What may be an object.</param>
    /// <param name="name">The name in its quotes. Within a text the quotes would be escaped.</param>
    /// <param name="within">How far to look, bytes.</param>
    public static bool MayHave(ReadOnlySpan<byte> json, ReadOnlySpan<byte> name, int within = 1024)
    {
        if (json.Length < 2 || json[0] != '{')
            return false;
        ReadOnlySpan<byte> start = json[..Math.Min(json.Length, within)];
        int at = start.IndexOf(name);
        if (at < 0)
            return false;
        ReadOnlySpan<byte> behind = start[(at + name.Length)..].TrimStart(" \t"u8);
        return behind.Length > 0 && behind[0] == ':';
    }

    private static void ReadObject(ref Utf8JsonReader reader, Node node, LogRecord record)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            Node? child = node.Find(reader.ValueSpan);
            reader.Read();
            if (child is null)
                reader.Skip();
            else if (reader.TokenType == JsonTokenType.StartObject)
                ReadObject(ref reader, child, record);
            else if (reader.TokenType == JsonTokenType.StartArray)
                ReadList(ref reader, child, record);
            else if (child.Field is { } field)
                SetValue(ref reader, field, record);
        }
    }

    private static void ReadList(ref Utf8JsonReader reader, Node node, LogRecord record)
    {
        if (node.Field is not { } field)
        {
            reader.Skip();
            return;
        }
        byte[] joined = ArrayPool<byte>.Shared.Rent(EventBounds.MaxValueLength);
        int length = 0;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
            {
                reader.Skip();
                continue;
            }
            if (reader.TokenType == JsonTokenType.Null || length + reader.ValueSpan.Length + 1 > EventBounds.MaxValueLength)
                continue;
            if (length > 0)
                joined[length++] = (byte)',';
            if (reader.TokenType == JsonTokenType.String)
                length += reader.CopyString(joined.AsSpan(length));
            else
            {
                reader.ValueSpan.CopyTo(joined.AsSpan(length));
                length += reader.ValueSpan.Length;
            }
        }
        record.Set(field, joined.AsSpan(0, length));
        ArrayPool<byte>.Shared.Return(joined);
    }

    private static void SetValue(ref Utf8JsonReader reader, string field, LogRecord record)
    {
        if (reader.TokenType == JsonTokenType.Null)
            return;
        if (reader.TokenType != JsonTokenType.String || !reader.ValueIsEscaped)
        {
            record.Set(field, reader.ValueSpan);
            return;
        }
        byte[] text = ArrayPool<byte>.Shared.Rent(reader.ValueSpan.Length);
        int length = reader.CopyString(text);
        record.Set(field, text.AsSpan(0, length));
        ArrayPool<byte>.Shared.Return(text);
    }

    private sealed class Node
    {
        private readonly List<(byte[] Name, Node Child)> _children = [];

        public string? Field { get; set; }

        public Node GetOrAdd(string name)
        {
            byte[] own = Encoding.UTF8.GetBytes(name);
            if (Find(own) is { } known)
                return known;
            var added = new Node();
            _children.Add((own, added));
            return added;
        }

        public Node? Find(ReadOnlySpan<byte> name)
        {
            foreach ((byte[] own, Node child) in _children)
            {
                if (name.SequenceEqual(own))
                    return child;
            }
            return null;
        }
    }
}
