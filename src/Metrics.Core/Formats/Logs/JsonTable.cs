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
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>
    /// Whether what may be an object has a member of a name, in whatever depth: tells objects of others without walking through them.
    /// All of it is looked at, since members whose texts somebody else chooses may come before, and may be as long as that wants.
    /// </summary>
    /// <param name="json">What may be an object.</param>
    /// <param name="name">The name in its quotes. Within a text the quotes would be escaped.</param>
    public static bool MayHave(ReadOnlySpan<byte> json, ReadOnlySpan<byte> name)
    {
        if (json.Length < 2 || json[0] != '{')
            return false;
        while (json.IndexOf(name) is >= 0 and var at)
        {
            json = json[(at + name.Length)..];
            // A text that is the same word has no colon behind it.
            if (json.TrimStart(" \t"u8) is [(byte)':', ..])
                return true;
        }
        return false;
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
            length += CopyTo(ref reader, joined.AsSpan(length));
        }
        record.Set(field, joined.AsSpan(0, length));
        ArrayPool<byte>.Shared.Return(joined);
    }

    private static void SetValue(ref Utf8JsonReader reader, string field, LogRecord record)
    {
        if (reader.TokenType == JsonTokenType.Null)
            return;
        if (!reader.ValueIsEscaped)
        {
            record.Set(field, reader.ValueSpan);
            return;
        }
        byte[] text = ArrayPool<byte>.Shared.Rent(reader.ValueSpan.Length);
        int length = CopyTo(ref reader, text);
        record.Set(field, text.AsSpan(0, length));
        ArrayPool<byte>.Shared.Return(text);
    }

    /// <summary>A value without its escapes; as it is written where those make no text, such as half of a surrogate pair.</summary>
    private static int CopyTo(ref Utf8JsonReader reader, Span<byte> to)
    {
        try
        {
            if (reader.ValueIsEscaped)
                return reader.CopyString(to);
        }
        catch (InvalidOperationException)
        {
            // Somebody's text must not hide the object that it stands in.
        }
        reader.ValueSpan.CopyTo(to);
        return reader.ValueSpan.Length;
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
