namespace Metrics.Model;

/// <content>Giving back what is not needed.</content>
public sealed partial class EventBatch
{
    /// <summary>Gives the arrays back where most of their texts were taken out, and moves what is left into smaller ones.</summary>
    public void Trim()
    {
        int left = (int)(Bytes - ((long)Count * BytesPerRow) - ((long)_fieldCount * BytesPerField));
        if (left > _texts.Length / 2)
            return;
        TextBuffer texts = _texts;
        _texts = new TextBuffer(left, isPooled: true);
        foreach (ref TextPart body in _bodies.AsSpan(0, Count))
            body = _texts.Add(texts[body]);
        foreach (ref BatchField field in _fields.AsSpan(0, _fieldCount))
            field = field with { Value = _texts.Add(texts[field.Value]) };
        texts.Return();
        Shrink(ref _ids, Count);
        Shrink(ref _times, Count);
        Shrink(ref _observedTimes, Count);
        Shrink(ref _kinds, Count, clear: true);
        Shrink(ref _severities, Count);
        Shrink(ref _bodies, Count);
        Shrink(ref _messages, Count);
        Shrink(ref _fieldEnds, Count);
        Shrink(ref _fields, _fieldCount, clear: true);
    }

    private static void Shrink<T>(ref T[] column, int used, bool clear = false) => Resize(ref column, Math.Max(used, 1), used, clear);
}
