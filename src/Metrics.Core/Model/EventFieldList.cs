namespace Metrics.Model;

/// <summary>The fields of one event of a batch; good while the batch is.</summary>
public readonly ref struct EventFieldList
{
    private readonly TextBuffer _texts;
    private readonly ReadOnlySpan<BatchField> _fields;

    internal EventFieldList(TextBuffer texts, ReadOnlySpan<BatchField> fields)
    {
        _texts = texts;
        _fields = fields;
    }

    /// <summary>How many there are.</summary>
    public int Length => _fields.Length;

    /// <summary>One of them, in the order in which they were added.</summary>
    public EventFieldText this[int at] => new(_fields[at].Name, _texts[_fields[at].Value]);

    /// <summary>Goes through them.</summary>
    public Enumerator GetEnumerator() => new(this);

    /// <summary>Copies that may be kept.</summary>
    public EventField[] ToArray()
    {
        var fields = new EventField[Length];
        for (int at = 0; at < fields.Length; at++)
            fields[at] = new EventField(this[at].Name, this[at].Value);
        return fields;
    }

    /// <summary>Goes through fields.</summary>
    public ref struct Enumerator(EventFieldList list)
    {
        private readonly EventFieldList _list = list;
        private int _at = -1;

        /// <summary>The field at hand.</summary>
        public readonly EventFieldText Current => _list[_at];

        /// <summary>Goes on to the next.</summary>
        public bool MoveNext() => ++_at < _list.Length;
    }
}

/// <summary>One field of an event of a batch.</summary>
/// <param name="name">Its full name.</param>
/// <param name="utf8">Its value, UTF-8.</param>
public readonly ref struct EventFieldText(string name, ReadOnlySpan<byte> utf8)
{
    /// <summary>Its full name.</summary>
    public string Name { get; } = name;

    /// <summary>Its value as UTF-8; never empty.</summary>
    public ReadOnlySpan<byte> Utf8 { get; } = utf8;

    /// <summary>Its value.</summary>
    public string Value => TextPool.Shared.Get(Utf8);
}

/// <summary>A field as a batch holds it.</summary>
internal readonly record struct BatchField(string Name, TextPart Value)
{
    /// <summary>Whether it has a name; names are mostly constants: the same object, or one that begins otherwise.</summary>
    public bool IsNamed(string name) =>
        ReferenceEquals(Name, name) || (Name.Length == name.Length && name.Length > 0 && Name[0] == name[0] && Name == name);

    /// <summary>Whether it is within the bounds, and its value, a part of valid UTF-8, cuts no character in two.</summary>
    public bool IsSound(ReadOnlySpan<byte> texts)
    {
        (int start, int end) = (Value.Start, Value.Start + Value.Length);
        return Name.Length is not 0 and <= EventBounds.MaxNameLength && Value.Length is not 0 and <= EventBounds.MaxValueLength
            && !IsInside(texts, start) && !IsInside(texts, end);
    }

    private static bool IsInside(ReadOnlySpan<byte> texts, int at) => at < texts.Length && (texts[at] & 0xC0) == 0x80;
}
