namespace Metrics.Inputs;

/// <summary>
/// Something that takes in what others send, for as long as it runs: a socket, a file that grows, a queue. The twin of a poller: it does
/// its one thing and lets exceptions out; starting, starting again, counting, reporting and stopping are the frame's (<see
/// cref="InputRunner"/>).
/// </summary>
internal interface IInput
{
    /// <summary>
    /// Takes in until <paramref name="stop"/>; then takes nothing new, hands over what has reached this process already, and returns.
    /// </summary>
    /// <param name="sink">Where to; its back-pressure is to be passed on by not reading.</param>
    /// <param name="stop">Asks for the end, with what is in the buffers.</param>
    /// <param name="abort">The time for that is over: return at once. Comes after <paramref name="stop"/>.</param>
    /// <exception cref="Exception">It cannot go on; the frame starts another one later.</exception>
    Task RunAsync(IInputSink sink, CancellationToken stop, CancellationToken abort);
}
