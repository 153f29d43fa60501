using Metrics.Configuration;
using Metrics.Hosting;
using Metrics.Intake;
using Metrics.Intake.Marks;
using Metrics.Intake.Templates;
using Metrics.Model;
using Metrics.Pollers;
using Metrics.Scheduling;
using Metrics.Series;
using Metrics.Storage.Events;
using Metrics.Telemetry;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Metrics.Tests.Pollers;

/// <summary>What is polled follows what is asked for, and touches only what changed.</summary>
public sealed class PollSchedulerTests : IDisposable
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 26, 12, 0, 0, TimeSpan.Zero));
    private readonly Source _source = new();
    private readonly SaidLog<PollScheduler> _said = new();
    private readonly TargetCatalog _catalog;
    private readonly PollScheduler _scheduler;

    private readonly RetiredTargets _retired = new();

    public PollSchedulerTests()
    {
        var registry = new MetricRegistry();
        _catalog = new TargetCatalog([(TargetFamily.Of<Source>("test", _ => []), _source)], registry, _time);
        var metrics = new PollMetrics(registry);
        var counts = new IntakeMetrics(registry);
        var events = new Current<EventLogOptions>(new EventLogOptions());
        var intake = new IntakePipeline(
            new Head(HeadOptions.Default), null!, null!, null!, new MetadataTable(), new LogCounts(counts, _time),
            new MarkStage(events, new Current<EventCalendar>(new EventCalendar([], null)), counts, new MarkMetrics(registry), _time),
            new TemplateStage(events, null!, counts, new TemplateMetrics(registry), _time), events, counts, _time);
        var runner = new PollRunner(
            intake, metrics, new MemoryBudget(new MemoryLimit(1L << 30, "test", IsHard: true), _time), _time,
            NullLogger<PollRunner>.Instance);
        var sections = new Current<TargetSections>(MetricsOptions.Parse("").Targets);
        _scheduler = new PollScheduler(_catalog, runner, new Wheel(_time), sections, _retired, metrics, _time, _said);
    }

    public void Dispose()
    {
        _scheduler.Dispose();
        _catalog.Dispose();
    }

    [Fact]
    public async Task What_is_taken_out_is_remembered_as_retired_until_it_is_listed_again()
    {
        await LookAsync(("a", 1), ("b", 1));
        Retired().Should().BeEmpty();
        await LookAsync(("b", 2));
        Retired().Should().Equal(["a"], "b goes on with other settings");
        await LookAsync(("b", 2), ("c", 1));
        Retired().Should().Equal("a");
        await LookAsync(("a", 1), ("c", 1));
        Retired().Should().Equal("b");
        _retired.All.SelectMany(t => t).Single().At.Should().Be(_time.GetUtcNow().ToUnixTimeMilliseconds());
    }

    [Fact]
    public async Task What_is_listed_and_cannot_be_begun_is_not_retired_and_is_once_it_is_taken_out()
    {
        await LookAsync(("a", 1), ("b", 1));
        _source.Fails = "a";
        await LookAsync(("a", 2), ("b", 1));
        _scheduler.Targets.Select(t => t.Instance).Should().Equal("b");
        Retired().Should().BeEmpty();
        await LookAsync(("b", 1));
        Retired().Should().Equal("a");
    }

    [Fact]
    public async Task A_target_with_other_labels_is_another_and_it_is_known_what_is_left_of_its_name()
    {
        _source.Room = "a1";
        await LookAsync(("a", 1));
        _source.Room = "b1";
        await LookAsync(("a", 1));
        RetiredTarget retired = _retired.All.Single().Single();
        (retired.Labels["room"], retired.Left.Single()["room"]).Should().Be(("a1", "b1"));
        await LookAsync();
        _retired.All.Single().Select(r => (r.Labels["room"], r.Left.Count)).Should().BeEquivalentTo([("a1", 0), ("b1", 0)]);
    }

    [Fact]
    public async Task A_target_that_did_not_change_stays_the_same_object_however_often_it_is_looked_at()
    {
        await LookAsync(("a", 1), ("b", 1));
        IReadOnlyList<PollTarget> first = _scheduler.Targets;
        for (int i = 0; i < 3; i++)
        {
            await LookAsync(("b", 1), ("a", 1));
            _scheduler.Targets.Should().Equal(first, ReferenceEquals);
        }
        _source.Created.Should().Be(2, "nothing is opened for what is there already");
    }

    [Fact]
    public async Task What_changes_begins_anew_and_goes_on_with_its_state()
    {
        await LookAsync(("a", 1), ("b", 1));
        PollTarget a = _scheduler.Targets[0], b = _scheduler.Targets[1];
        DateTimeOffset now = _time.GetUtcNow();
        a.Status = new TargetStatus(TargetHealth.Down, now, TimeSpan.Zero, 0, "refused", 7, now + TimeSpan.FromMinutes(1));
        await LookAsync(("a", 2), ("b", 1));
        _scheduler.Targets[1].Should().BeSameAs(b);
        PollTarget after = _scheduler.Targets[0];
        after.Should().NotBeSameAs(a);
        after.Interval.Should().Be(TimeSpan.FromSeconds(2));
        (TargetHealth, int, DateTimeOffset?) status = (after.Status.Health, after.Status.Failures, after.Status.NotBefore);
        status.Should().Be((TargetHealth.Down, 0, null), "it is asked at once");
        ((Poller)a.Poller).IsDisposed.Should().BeTrue();
        ((Poller)b.Poller).IsDisposed.Should().BeFalse();
    }

    [Fact]
    public async Task A_target_that_cannot_be_begun_is_tried_again_and_takes_no_other_with_it()
    {
        _source.Fails = "a";
        await LookAsync(("a", 1), ("b", 1));
        _scheduler.Targets.Select(t => t.Instance).Should().Equal("b");
        _source.Fails = null;
        await LookAsync(("a", 1), ("b", 1));
        _scheduler.Targets.Select(t => t.Instance).Should().Equal("a", "b");
    }

    [Fact]
    public async Task A_target_that_is_listed_twice_is_said_once_and_again_when_that_changes()
    {
        for (int look = 0; look < 5; look++)
            await LookAsync(("a", 1), ("a", 1), ("b", 1), ("a", 1));
        Repeated().Should().Equal("a");
        await LookAsync(("a", 1), ("b", 1));
        await LookAsync(("a", 1), ("a", 1), ("b", 1), ("b", 1));
        Repeated().Should().Equal("a", "a", "b");
        _scheduler.Targets.Should().HaveCount(2);

        IEnumerable<string> Repeated() => _said.Messages.Where(m => m.Contains("more than once", StringComparison.Ordinal))
            .Select(m => m.Split(' ')[2].Split('/')[1]);
    }

    private IEnumerable<string> Retired() => _retired.All.Select(r => r.Key.Instance);

    private Task LookAsync(params (string Instance, int Seconds)[] targets)
    {
        _source.Targets = targets;
        return _scheduler.ReconcileAsync(CancellationToken.None);
    }

    private sealed record Section : TargetSection;

    private sealed class Source : ITargetSource
    {
        public (string Instance, int Seconds)[] Targets { get; set; } = [];

        public string? Fails { get; set; }

        public string? Room { get; set; }

        public int Created { get; private set; }

        public IEnumerable<TargetDeclaration> Discover(TargetSections sections) => Targets.Select(t =>
        {
            var section = new Section { Id = new SectionId($"test {t.Instance}", $"{t.Seconds}") };
            TimeSpan interval = TimeSpan.FromSeconds(t.Seconds);
            return new TargetDeclaration(section, "job", t.Instance, interval, interval, () => Create(t.Instance),
                Room is null ? [] : [new Label("room", Room)]);
        });

        private Poller Create(string instance)
        {
            Created++;
            return instance == Fails ? throw new IOException("no certificate") : new Poller();
        }
    }

    private sealed class Poller : IPoller, IDisposable
    {
        public bool IsDisposed { get; private set; }

        public ValueTask PollAsync(SampleSink sink, CancellationToken ct) => ValueTask.CompletedTask;

        public void Dispose() => IsDisposed = true;
    }
}
