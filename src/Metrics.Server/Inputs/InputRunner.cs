using System.Collections.Concurrent;
using Metrics.Configuration;
using Metrics.Inputs.Logs;
using Metrics.Intake;
using Metrics.Scheduling;

namespace Metrics.Inputs;

/// <summary>
/// The frame around every input, twin of the poll runner: starts what is configured, starts again what failed, counts, reports. After a
/// reload an input whose section is the same goes on with its sockets and connections; one that changed is drained and started anew; one
/// that is no longer listed is drained. Stops before the intake does: listening ends, what is in the buffers is handed over within <see
/// cref="RunningInput.DrainLimit"/>.
/// </summary>
internal sealed class InputRunner(
    Current<InputSection> options, IntakePipeline intake, InputTools tools, InputMetrics metrics, TimeProvider time,
    ILogger<InputRunner> log)
    : BackgroundService
{
    private readonly WakeSignal _wake = new(time);
    private readonly ConcurrentDictionary<string, RunningInput> _running = new();

    /// <summary>Counts by name: they outlive a restart.</summary>
    private readonly ConcurrentDictionary<string, InputCounters> _counters = new();

    /// <summary>The inputs that there are, by name.</summary>
    public IReadOnlyList<RunningInput> Inputs => [.. _running.Values.OrderBy(i => i.Options.Name, StringComparer.Ordinal)];

    /// <summary>Opens the inputs before others hear that the daemon is ready.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        metrics.BeforeCollect(Report);
        await ReconcileAsync(options.Value.Inputs);
        await base.StartAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await ReconcileAsync([]);
    }

    /// <summary>Looks at the options now: they may have changed.</summary>
    public void Wake() => _wake.Wake();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            await _wake.WaitAsync(stoppingToken);
            if (stoppingToken.IsCancellationRequested)
                return;
            await metrics.Faults.GuardAsync("inputs", () => ReconcileAsync(options.Value.Inputs), time, stoppingToken);
        }
    }

    /// <summary>Makes what runs what is wanted.</summary>
    internal async Task ReconcileAsync(IReadOnlyList<InputOptions> wanted)
    {
        // What goes, goes first: its successor may want the same port.
        await Task.WhenAll(_running.Values.Where(i => !wanted.Contains(i.Options)).Select(StopAsync));
        foreach (InputOptions one in wanted)
        {
            if (!_running.ContainsKey(one.Name))
                _running[one.Name] = Start(one);
        }
    }

    private RunningInput Start(InputOptions one)
    {
        InputCounters counters = _counters.GetOrAdd(one.Name, static _ => new InputCounters());
        return new RunningInput(
            one, () => one.Create(tools), ready => new InputSink(one.Name, intake, counters, ready, time), counters, time, log);
    }

    private async Task StopAsync(RunningInput input)
    {
        await input.StopAsync();
        _running.TryRemove(input.Options.Name, out _);
        metrics.Up.Remove(input.Options.Name);
        metrics.UnreadBytes.Remove(input.Options.Name);
        input.Dispose();
    }

    private void Report()
    {
        foreach (RunningInput input in _running.Values)
        {
            metrics.Up.WithLabels(input.Options.Name).Set(input.Status.State == InputState.Running ? 1 : 0);
            if (input.Options is LogsOptions)
                metrics.UnreadBytes.WithLabels(input.Options.Name).Set(input.Counters.Unread.Sum(u => u.Bytes));
        }
        foreach ((string name, InputCounters counters) in _counters)
        {
            metrics.Events.WithLabels(name).IncTo(counters.Events);
            metrics.Bytes.WithLabels(name).IncTo(counters.Bytes);
            metrics.KernelDrops.WithLabels(name).IncTo(counters.KernelDrops);
            metrics.LastEvent.WithLabels(name).Set(counters.LastEvent / 1000.0);
            foreach ((InputDrop reason, string word) in InputCounters.Drops)
                metrics.Dropped.WithLabels(name, word).IncTo(counters.Of(reason));
            foreach ((InputError reason, string word) in InputCounters.Errors)
                metrics.Errors.WithLabels(name, word).IncTo(counters.Of(reason));
        }
    }
}
