using Metrics.Model;

namespace Metrics.Inputs;

/// <summary>One input under the frame: it is started, started again after a failure, and stopped with what it has in its buffers.</summary>
internal sealed partial class RunningInput : IDisposable
{
    /// <summary>How long an input may hand over what it has when it is to stop.</summary>
    public static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(5);

    /// <summary>The pauses between two tries.</summary>
    internal static readonly Backoff Pauses = new(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1));

    private readonly InputOptions _options;
    private readonly Func<IInput> _create;
    private readonly Func<Action<string>, IInputSink> _sink;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _abort;
    private readonly Task _run;
    private volatile InputStatus _status;

    /// <summary>Starts it.</summary>
    /// <param name="options">What it is.</param>
    /// <param name="create">Makes one; called before each start.</param>
    /// <param name="sink">Makes its sink, from what is to be called when it takes in.</param>
    /// <param name="counters">Its counts.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Gets a line a change.</param>
    public RunningInput(
        InputOptions options, Func<IInput> create, Func<Action<string>, IInputSink> sink, InputCounters counters, TimeProvider time,
        ILogger log)
    {
        _options = options;
        _create = create;
        _sink = sink;
        _time = time;
        _abort = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        _log = log;
        Counters = counters;
        _status = new InputStatus(InputState.Starting, time.GetUtcNow());
        _run = RunAsync();
    }

    /// <summary>What it is.</summary>
    public InputOptions Options => _options;

    /// <summary>Its counts.</summary>
    public InputCounters Counters { get; }

    /// <summary>How it fares.</summary>
    public InputStatus Status => _status;

    /// <summary>Takes nothing new, hands over what it has within <see cref="DrainLimit"/>, and ends.</summary>
    public async Task StopAsync()
    {
        Set(InputState.Draining);
        _abort.CancelAfter(DrainLimit);
        await _stop.CancelAsync();
        await _run;
        Set(InputState.Stopped);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _stop.Dispose();
        _abort.Dispose();
    }

    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            string error;
            try
            {
                await _create().RunAsync(_sink(SetReady), _stop.Token, _abort.Token);
                error = "it ended by itself";
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // Whatever it was, this input alone has failed; the others go on, and it is tried again.
                error = e.Message;
            }
            if (_stop.IsCancellationRequested)
                return;
            int failures = _status.Failures + 1;
            DateTimeOffset now = _time.GetUtcNow();
            _status = new InputStatus(InputState.BackingOff, now, "", error, now, failures);
            if (failures == 1)
                LogFailed(_options.Name, error);
            await Task.Delay(Pauses.After(failures), _time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void SetReady(string detail)
    {
        InputStatus before = _status;
        _status = new InputStatus(InputState.Running, _time.GetUtcNow(), detail, before.Error, before.ErrorAt);
        if (before.Failures > 0)
            LogBack(_options.Name);
        else
            LogStarted(_options.Name, detail);
    }

    private void Set(InputState state) => _status = _status with { State = state, Since = _time.GetUtcNow() };

    [LoggerMessage(Level = LogLevel.Information, Message = "Input {Input} takes in ({Detail})")]
    private partial void LogStarted(string input, string detail);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Input {Input} failed, and is tried again: {Error}")]
    private partial void LogFailed(string input, string error);

    [LoggerMessage(Level = LogLevel.Information, Message = "Input {Input} takes in again")]
    private partial void LogBack(string input);
}
