using Metrics.Configuration;
using Metrics.Model;
using Metrics.Storage.Events;
using Metrics.Text;

namespace Metrics.Intake;

/// <summary>Masks secrets in texts and fields (<c>events.redact</c>), before anybody counts, judges or stores an event.</summary>
internal sealed class RedactStage(Current<EventLogOptions> options, IntakeMetrics metrics) : IIntakeStage
{
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

    private static bool Redact(EventBatch batch, int row, Redactor redactor)
    {
        string body = batch.Bodies[row];
        string masked = redactor.Redact(body);
        bool isRedacted = !ReferenceEquals(body, masked) && body != masked;
        if (isRedacted)
            batch.SetBody(row, masked);
        ReadOnlySpan<EventField> fields = batch.FieldsOf(row);
        for (int at = 0; at < fields.Length; at++)
        {
            (string name, string value) = fields[at];
            masked = redactor.Redact(name, value);
            if (ReferenceEquals(value, masked) || value == masked)
                continue;
            batch.SetValue(row, at, masked);
            isRedacted = true;
        }
        return isRedacted;
    }
}
