using System.Text;
using System.Text.Unicode;

namespace Metrics.Model;

/// <content>The fields of the rows.</content>
public sealed partial class EventBatch
{
    /// <summary>The fields of one row; no name twice, no empty value.</summary>
    public EventFieldList FieldsOf(int row) => new(_texts, BatchFieldsOf(row));

    /// <summary>
    /// The texts of a row behind each other, as they lie, in UTF-8: its body, the values of its fields, and what lies between them.
    /// </summary>
    public ReadOnlySpan<byte> TextsOf(int row)
    {
        (int start, int end) = (_bodies[row].Start, _bodies[row].Start + _bodies[row].Length);
        foreach (ref readonly BatchField field in BatchFieldsOf(row))
        {
            start = Math.Min(start, field.Value.Start);
            end = Math.Max(end, field.Value.Start + field.Value.Length);
        }
        return _texts.All[start..end];
    }

    /// <summary>Adds a field to the newest row; an empty value adds nothing, of a name that is there the first value stays.</summary>
    public void AddField(string name, string? value)
    {
        if (string.IsNullOrEmpty(value) || !MayAdd(name))
            return;
        if (value.Length > EventBounds.MaxValueLength)
        {
            value = EventBounds.Cut(value, EventBounds.MaxValueLength);
            Cuts = Cuts with { Values = Cuts.Values + 1 };
        }
        PutField(name, _texts.Add(value));
    }

    /// <inheritdoc cref="AddField(string, string?)" />
    /// <param name="name">Its full name.</param>
    /// <param name="value">UTF-8; bytes that are none become U+FFFD.</param>
    public void AddField(string name, ReadOnlySpan<byte> value)
    {
        if (value.Length > EventBounds.MaxValueLength || !Utf8.IsValid(value))
            AddField(name, Encoding.UTF8.GetString(value));
        else if (!value.IsEmpty && MayAdd(name))
            PutField(name, _texts.Add(value));
    }

    /// <summary>Adds a number as a field to the newest row, as the others.</summary>
    public void AddField(string name, long value)
    {
        if (MayAdd(name))
            PutField(name, _texts.Add(value));
    }

    /// <summary>Adds fields to rows anywhere, as the others; all at once, since what is behind a row moves.</summary>
    /// <param name="added">In the order of their rows; no name twice in a row.</param>
    public void AddFields(IReadOnlyList<RowField> added)
    {
        List<(int Row, BatchField Field)> sound = [];
        int before = 0;
        foreach (RowField one in added)
        {
            before = sound.Count > 0 && sound[^1].Row == one.Row ? before : 0;
            if (one.Value.Length == 0 || !MayAdd(one.Row, one.Name, before))
                continue;
            before++;
            bool isLong = one.Value.Length > EventBounds.MaxValueLength;
            TextPart text = _texts.Add(isLong ? EventBounds.Cut(one.Value, EventBounds.MaxValueLength) : one.Value);
            sound.Add((one.Row, new BatchField(one.Name, text)));
            Bytes += BytesPerField + text.Length;
        }
        if (sound.Count == 0)
            return;
        int count = _fieldCount + sound.Count;
        if (count > _fields.Length)
            Resize(ref _fields, Math.Max(count, _fields.Length * 2), _fieldCount, clear: true);
        // From behind, so that nothing is written over before it has moved.
        int left = sound.Count;
        for (int row = Count - 1; left > 0; row--)
        {
            int start = row == 0 ? 0 : _fieldEnds[row - 1], end = _fieldEnds[row];
            _fieldEnds[row] = end + left;
            while (left > 0 && sound[left - 1].Row == row)
            {
                left--;
                _fields[end + left] = sound[left].Field;
            }
            if (left > 0)
                _fields.AsSpan(start, end - start).CopyTo(_fields.AsSpan(start + left));
        }
        _fieldCount = count;
    }

    /// <summary>Puts another value in the place of a field's; what is beyond the bound is left out.</summary>
    /// <param name="row">The row.</param>
    /// <param name="at">Which of its fields (<see cref="FieldsOf"/>).</param>
    /// <param name="value">The value; not empty.</param>
    public void SetValue(int row, int at, string value)
    {
        if (value.Length > EventBounds.MaxValueLength)
            value = EventBounds.Cut(value, EventBounds.MaxValueLength);
        TextPart text = _texts.Add(value);
        ref BatchField field = ref _fields[(row == 0 ? 0 : _fieldEnds[row - 1]) + at];
        Bytes += text.Length - field.Value.Length;
        field = field with { Value = text };
    }

    /// <summary>Gives a field another name; nothing where the row has none of the old name, or one of the new.</summary>
    public void Rename(int row, string field, string name)
    {
        if (TryFind(row, name, out _))
            return;
        int start = row == 0 ? 0 : _fieldEnds[row - 1];
        foreach (ref BatchField candidate in _fields.AsSpan(start, _fieldEnds[row] - start))
        {
            if (candidate.IsNamed(field))
                candidate = candidate with { Name = name };
        }
    }

    /// <summary>Adds fields to the newest row, which has none yet: their texts at once where nothing is wrong with them.</summary>
    /// <param name="texts">Their values.</param>
    /// <param name="fields">The fields; no name twice.</param>
    internal void AddFields(TextBuffer texts, ReadOnlySpan<BatchField> fields)
    {
        ReadOnlySpan<byte> all = texts.All;
        int start = Utf8.IsValid(all) && fields.Length <= EventBounds.MaxFields ? _texts.Add(all).Start : -1;
        foreach (ref readonly BatchField field in fields)
        {
            if (start >= 0 && field.IsSound(all))
                PutField(field.Name, field.Value with { Start = field.Value.Start + start });
            else
                AddField(field.Name, texts[field.Value]);
        }
    }

    /// <summary>The value of an attribute by its full name, or null.</summary>
    public string? Find(int row, string field) => TryFind(row, field, out ReadOnlySpan<byte> value) ? TextPool.Shared.Get(value) : null;

    /// <summary>Finds an attribute by its full name.</summary>
    /// <param name="row">The row.</param>
    /// <param name="field">The name.</param>
    /// <param name="value">Its value, UTF-8.</param>
    public bool TryFind(int row, string field, out ReadOnlySpan<byte> value)
    {
        foreach (ref readonly BatchField candidate in BatchFieldsOf(row))
        {
            if (candidate.IsNamed(field))
            {
                value = _texts[candidate.Value];
                return true;
            }
        }
        value = default;
        return false;
    }

    private ReadOnlySpan<BatchField> BatchFieldsOf(int row)
    {
        int start = row == 0 ? 0 : _fieldEnds[row - 1];
        return _fields.AsSpan(start, _fieldEnds[row] - start);
    }

    private bool MayAdd(string name) => MayAdd(Count - 1, name);

    /// <summary>Whether a field of a name may be added to a row; where there are too many that is counted.</summary>
    /// <param name="row">The row.</param>
    /// <param name="name">The name.</param>
    /// <param name="more">Fields that the row gets beside those that it has.</param>
    private bool MayAdd(int row, string name, int more = 0)
    {
        if (TryFind(row, name, out _))
            return false;
        if (name.Length is not 0 and <= EventBounds.MaxNameLength && BatchFieldsOf(row).Length + more < EventBounds.MaxFields)
            return true;
        Cuts = Cuts with { Fields = Cuts.Fields + 1 };
        return false;
    }

    private void PutField(string name, TextPart value)
    {
        Bytes += BytesPerField + value.Length;
        if (_fieldCount == _fields.Length)
            Grow(ref _fields, _fieldCount, clear: true);
        _fields[_fieldCount++] = new BatchField(name, value);
        _fieldEnds[Count - 1] = _fieldCount;
    }
}

/// <summary>A field that is added to a row of a batch.</summary>
/// <param name="Row">The row.</param>
/// <param name="Name">Its full name.</param>
/// <param name="Value">Its value; an empty one adds nothing.</param>
public readonly record struct RowField(int Row, string Name, string Value);
