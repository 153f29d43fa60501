namespace Metrics.Pollers;

/// <summary>
/// Brings in the samples of one target, once a call. It lets exceptions out: the frame (<see cref="PollRunner"/>) adds timeout, duration,
/// <c>up</c>, error count, back-off and the log line around every poller. Nothing to report is no error: add nothing.
/// </summary>
internal interface IPoller
{
    /// <summary>Collects and adds to the sink. Never called again before it has returned.</summary>
    ValueTask PollAsync(SampleSink sink, CancellationToken ct);
}
