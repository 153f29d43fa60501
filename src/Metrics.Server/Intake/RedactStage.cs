using System.Text;
using Metrics.Configuration;
using Metrics.Model;
using Metrics.Storage.Events;
using Metrics.Text;

namespace Metrics.Intake;

/// <summary>Masks secrets in texts and fields (<c>events.redact</c>), before anybody counts, judges or stores an event.</summary>
internal sealed class RedactStage(Current<EventLogOptions> options, IntakeMetrics metrics) : IIntakeStage
{
    /// <summary>Holds a text while it is looked at.</summary>
    private char[] _text = new char[EventBounds.MaxBodyLength];

    public ValueTask TakeAsync(EventWork work)
    {
        Redactor redactor = options.Value.Redactor;
        EventBatch batch = work.Batch;
        int redacted = 0;
        for (int row = 0; row < batch.Count; row++)
        {
            if (Redact(batch, row, redactor))
                redacted++;
        }
        if (redacted > 0)
            metrics.EventsRedacted.Inc(redacted);
        return ValueTask.CompletedTask;
    }

    private bool Redact(EventBatch batch, int row, Redactor redactor)
    {
        // Most rows hold none in any of their texts.
        bool mayHold = redactor.MayHold(batch.TextsOf(row));
        string? masked = mayHold ? Mask(batch.BodyOf(row), redactor) : null;
        bool isRedacted = masked is not null;
        if (masked is not null)
            batch.SetBody(row, masked);
        EventFieldList fields = batch.FieldsOf(row);
        for (int at = 0; at < fields.Length; at++)
        {
            masked = redactor.IsSecret(fields[at].Name) ? Redactor.Mask : mayHold ? Mask(fields[at].Utf8, redactor) : null;
            if (masked is null || fields[at].Value == masked)
                continue;
            batch.SetValue(row, at, masked);
            isRedacted = true;
        }
        return isRedacted;
    }

    /// <returns>The text without its secrets; null where it holds none.</returns>
    private string? Mask(ReadOnlySpan<byte> utf8, Redactor redactor)
    {
        if (!redactor.MayHold(utf8))
            return null;
        if (_text.Length < utf8.Length)
            _text = new char[utf8.Length];
        ReadOnlySpan<char> chars = _text.AsSpan(0, Encoding.UTF8.GetChars(utf8, _text));
        if (!redactor.MayHold(chars))
            return null;
        string text = new(chars), masked = redactor.Redact(text);
        return masked == text ? null : masked;
    }
}
