using System.Net;
using Metrics.Text;

namespace Metrics.Inputs.Push;

/// <summary>The way in for what is pushed over HTTP: open while the push input runs. Safe for use by several threads.</summary>
internal sealed class PushLane
{
    private volatile State? _state;

    private sealed record State(IInputSink Sink, AllowList AllowFrom);

    /// <summary>What was taken lately; kept while it is closed.</summary>
    public RecentPushes? Recent { get; set; }

    /// <summary>Lets pushes in from now on.</summary>
    public void Open(IInputSink sink, AllowList allowFrom) => _state = new State(sink, allowFrom);

    /// <summary>Lets none in from now on: the sender shall try again.</summary>
    public void Close() => _state = null;

    /// <summary>Asks for a sender.</summary>
    /// <param name="from">Its address; null is one that has none.</param>
    /// <param name="refusal">Why it may not push, where it may not.</param>
    /// <returns>Where to push to, or null.</returns>
    public IInputSink? Enter(IPAddress? from, out PushRefusal refusal)
    {
        refusal = default;
        if (_state is not { } state)
        {
            refusal = new PushRefusal(StatusCodes.Status503ServiceUnavailable, "the daemon starts or stops; try again");
            return null;
        }
        if (from is null || state.AllowFrom.Allows(from))
            return state.Sink;
        state.Sink.Counters.Add(InputDrop.RefusedSender);
        refusal = new PushRefusal(StatusCodes.Status403Forbidden, $"{NetworkList.Plain(from)} is not in inputs.push.allow_from");
        return null;
    }
}
