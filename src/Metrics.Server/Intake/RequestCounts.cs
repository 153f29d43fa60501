using Metrics.Model;
using Metrics.Telemetry;

namespace Metrics.Intake;

/// <summary>
/// Counts the requests that lines of logs tell of, beside <see cref="LogCounts.Lines"/> and by the same labels, so that what a service
/// logs can be held against what it answers. Bounded as those are. One thread at a time.
/// </summary>
internal sealed class RequestCounts(IntakeMetrics metrics, TimeProvider time)
{
    /// <summary>What is counted.</summary>
    public static readonly Metric Requests = Metric.Counter(
        "log_requests_total",
        "Requests that were answered, as lines of logs tell them, by the host, service and level of the line, the status of the answer "
        + "(2xx) and the server that a proxy names (BACKEND/SERVER).",
        "host", "service", "level", "status", "server");

    /// <summary>Series at most.</summary>
    public const int MaxSeries = LogCounts.MaxSeries;

    private readonly CountTable<LogRequest> _counted = new(Requests, time);
    private readonly Counter _beyond = metrics.LinesAsOther.WithLabels("requests");

    /// <summary>Counts an event that is a request.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="row">The event.</param>
    /// <param name="line">What its line is counted as: requests can be taken away from lines, also beyond the bounds of those.</param>
    /// <param name="now">By <see cref="TimeProvider.GetTimestamp"/>.</param>
    public void Count(EventBatch batch, int row, LogLine line, long now)
    {
        LogRequest request = Read(batch, row, line);
        CountedSeries? counted = _counted.Find(request);
        if (counted is null && (_counted.Count >= MaxSeries - 1 || IsTooLong(request)))
        {
            _beyond.Inc();
            request = new LogRequest(new LogLine(LogCounts.Other, LogCounts.Other, LevelWords.Unknown), "", "");
            counted = _counted.Find(request);
        }
        counted ??= _counted.Add(request, request.Line.Host, request.Line.Service, request.Line.Level, request.Status, request.Server);
        counted.Note(now);
    }

    /// <summary>All counts as they are now; drops those of series that had none for <see cref="LogCounts.Kept"/>.</summary>
    public List<LogCount> Take()
    {
        _counted.Forget(LogCounts.Kept);
        return _counted.Take();
    }

    private static LogRequest Read(EventBatch batch, int row, LogLine line)
    {
        string status = "", server = "";
        foreach (EventFieldText field in batch.FieldsOf(row))
        {
            switch (field.Name)
            {
                case EventFields.HttpStatus: status = ClassOf(field.Utf8); break;
                case EventFields.DestinationDomain: server = field.Value; break;
            }
        }
        return new LogRequest(line, status, server);
    }

    private static string ClassOf(ReadOnlySpan<byte> status) => status.Length != 3 ? "" : status[0] switch
    {
        (byte)'1' => "1xx",
        (byte)'2' => "2xx",
        (byte)'3' => "3xx",
        (byte)'4' => "4xx",
        (byte)'5' => "5xx",
        _ => "",
    };

    private static bool IsTooLong(LogRequest request) => request.Server.Length > LogCounts.MaxNameLength;

    private readonly record struct LogRequest(LogLine Line, string Status, string Server);
}
