using System.Net;

namespace Metrics.Inputs.Push;

/// <summary>The way in for what is pushed over HTTP: open while the push input runs. Safe for use by several threads.</summary>
internal sealed class PushLane
{
    private volatile State? _state;

    private sealed record State(IInputSink Sink, AllowList AllowFrom);

    /// <summary>Lets pushes in from now on.</summary>
    public void Open(IInputSink sink, AllowList allowFrom) => _state = new State(sink, allowFrom);

    /// <summary>Lets none in from now on: the sender shall try again.</summary>
    public void Close() => _state = null;

    /// <summary>Asks for a sender.</summary>
    /// <param name="from">Its address; null is one that has none.</param>
    /// <param name="status">HTTP's status where it may not push.</param>
    /// <param name="error">Why it may not; null when it may.</param>
    /// <returns>Where to push to, or null.</returns>
    public IInputSink? Enter(IPAddress? from, out int status, out string? error)
    {
        (status, error) = (StatusCodes.Status204NoContent, null);
        if (_state is not { } state)
        {
            (status, error) = (StatusCodes.Status503ServiceUnavailable, "the daemon starts or stops; try again");
            return null;
        }
        if (from is null || state.AllowFrom.Allows(from))
            return state.Sink;
        state.Sink.Counters.Add(InputDrop.RefusedSender);
        (status, error) = (StatusCodes.Status403Forbidden, $"{AllowList.Plain(from)} is not in inputs.push.allow_from");
        return null;
    }
}
