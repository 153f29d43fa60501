using System.Threading.Channels;
using Metrics.Configuration;
using Metrics.Hosting;
using Metrics.Inputs;
using Metrics.Telemetry;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Metrics.Tests.Inputs;

/// <summary>The frame around inputs: starting, starting again, reloading, stopping.</summary>
public sealed class InputRunnerTests
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 26, 10, 0, 0, TimeSpan.Zero));

    [Fact]
    public async Task An_input_that_fails_is_started_again_after_longer_and_longer_pauses()
    {
        var starts = new Starts();
        using RunningInput input = Run(starts);
        for (int failures = 1; failures <= 8; failures++)
        {
            Start start = await starts.NextAsync();
            start.Fail("the port is taken");
            await Eventually.Async(
                () => input.Status.State == InputState.BackingOff && input.Status.Failures == failures, "it backs off");
            input.Status.Error.Should().Be("the port is taken");
            TimeSpan pause = RunningInput.Pauses.After(failures);
            pause.Should().Be(TimeSpan.FromSeconds(Math.Min(60, Math.Pow(2, failures - 1))));
            // The timer of the pause may be set a moment after the state says so.
            await Eventually.Async(
                () =>
                {
                    _time.Advance(starts.HasNext ? TimeSpan.Zero : pause);
                    return starts.HasNext;
                },
                "it is started again");
        }
        (await starts.NextAsync()).Sink.Ready("again");
        input.Status.Should().Match<InputStatus>(s => s.State == InputState.Running && s.Failures == 0 && s.Error == "the port is taken");
        await input.StopAsync();
    }

    [Fact]
    public async Task A_reload_leaves_alone_what_is_the_same_and_drains_what_is_not_before_its_successor_starts()
    {
        InputRunner runner = Runner();
        var starts = new Starts();
        await runner.ReconcileAsync([new FakeOptions("a", 1) { Starts = starts }, new FakeOptions("b", 1) { Starts = starts }]);
        Start a = await starts.NextAsync(), b = await starts.NextAsync();

        await runner.ReconcileAsync([new FakeOptions("a", 1) { Starts = starts }, new FakeOptions("b", 1) { Starts = starts }]);
        await runner.ReconcileAsync([new FakeOptions("b", 1) { Starts = starts }, new FakeOptions("a", 1) { Starts = starts }]);
        starts.HasNext.Should().BeFalse("three reloads of the same are none");
        a.Stop.IsCancellationRequested.Should().BeFalse();

        b.OnStop = () => starts.HasNext.Should().BeFalse("the old one still holds the port");
        await runner.ReconcileAsync([new FakeOptions("a", 1) { Starts = starts }, new FakeOptions("b", 2) { Starts = starts }]);
        (await starts.NextAsync()).Options.Version.Should().Be(2);
        b.Stop.IsCancellationRequested.Should().BeTrue();
        a.Stop.IsCancellationRequested.Should().BeFalse();

        await runner.ReconcileAsync([]);
        a.Stop.IsCancellationRequested.Should().BeTrue();
        runner.Inputs.Should().BeEmpty();
    }

    [Fact]
    public async Task Counts_outlive_a_restart()
    {
        InputRunner runner = Runner();
        var starts = new Starts();
        await runner.ReconcileAsync([new FakeOptions("a", 1) { Starts = starts }]);
        (await starts.NextAsync()).Sink.Counters.Add(InputDrop.RefusedSender, 3);
        await runner.ReconcileAsync([new FakeOptions("a", 2) { Starts = starts }]);
        (await starts.NextAsync()).Sink.Counters.Of(InputDrop.RefusedSender).Should().Be(3);
        await runner.ReconcileAsync([]);
    }

    [Fact]
    public void Reasons_have_words() =>
        InputCounters.Drops.Select(d => d.Word).Should().Equal("refused_sender", "connection_limit", "incomplete", "abandoned", "repeated");

    private InputRunner Runner() => new(
        new Current<InputSection>(MetricsOptions.Parse("").Inputs), null!, null!, new InputMetrics(new MetricRegistry()), _time,
        NullLogger<InputRunner>.Instance);

    private RunningInput Run(Starts starts)
    {
        var options = new FakeOptions("a", 1) { Starts = starts };
        return new RunningInput(
            options, () => options.Create(null!),
            ready => new InputSink("test", null!, new InputCounters(), ready, _time), new InputCounters(), _time,
            NullLogger.Instance);
    }

    /// <summary>Starts of fake inputs, in order.</summary>
    private sealed class Starts
    {
        private readonly Channel<Start> _all = Channel.CreateUnbounded<Start>();

        public bool HasNext => _all.Reader.Count > 0;

        public void Add(Start start) => _all.Writer.TryWrite(start);

        public async Task<Start> NextAsync() =>
            await _all.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);
    }

    private sealed record Start(FakeOptions Options, IInputSink Sink, CancellationToken Stop)
    {
        private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Action OnStop { get; set; } = () => { };

        public void Fail(string why) => _end.SetException(new IOException(why));

        public async Task RunAsync()
        {
            await using (Stop.Register(() => _end.TrySetResult()))
                await _end.Task;
            OnStop();
        }
    }

    private sealed record FakeOptions(string Named, int Version) : InputOptions
    {
        public Starts Starts { get; init; } = new();

        public override string Name => Named;

        public override string Kind => "fake";

        public bool Equals(FakeOptions? other) => other is not null && Named == other.Named && Version == other.Version;

        public override int GetHashCode() => HashCode.Combine(Named, Version);

        public override IInput Create(InputTools tools) => new FakeInput(this);
    }

    private sealed class FakeInput(FakeOptions options) : IInput
    {
        public Task RunAsync(IInputSink sink, CancellationToken stop, CancellationToken abort)
        {
            var start = new Start(options, sink, stop);
            options.Starts.Add(start);
            return start.RunAsync();
        }
    }
}
