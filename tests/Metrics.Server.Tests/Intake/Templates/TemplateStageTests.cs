using Metrics.Configuration;
using Metrics.Formats.Logs.Templates;
using Metrics.Intake;
using Metrics.Intake.Templates;
using Metrics.Model;
using Metrics.Storage;
using Metrics.Storage.Events;
using Metrics.Telemetry;
using Microsoft.Extensions.Time.Testing;

namespace Metrics.Tests.Intake.Templates;

public sealed class TemplateStageTests
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 2, 0, 0, 0, TimeSpan.Zero));
    private readonly Dictionary<string, string> _stored = [];
    private readonly Current<EventLogOptions> _options = new(new EventLogOptions());
    private MetricRegistry _registry = new();
    private readonly Numbers _log = new();
    private IntakeMetrics _intake;
    private TemplateMetrics _metrics;
    private TemplateStage _stage;

    public TemplateStageTests() => (_intake, _metrics, _stage) = NewStage();

    [Fact]
    public async Task Routine_of_a_fortnight_is_no_event_and_a_line_that_never_was_is_one()
    {
        for (int hour = 0; hour < 14 * 24; hour++)
        {
            (await SeeAsync("nova-compute", $"Took {hour}.{hour % 60} seconds to build instance i-{hour:x}7.")).Should().BeEmpty();
            (await SeeAsync("nova-compute", $"Authorization failed for user {(char)('a' + (hour % 26))}nn from 10.0.0.{hour % 250}"))
                .Should().BeEmpty();
            _time.Advance(TimeSpan.FromHours(1));
        }
        Event told = (await SeeAsync("nova-compute", "Refusing to boot: image 4711 has a bad signature")).Should().ContainSingle().Subject;
        told.Kind.Should().Be(EventKinds.LogNewLine);
        told.Body.Should().Be("A kind of line that was not seen before: Refusing to boot: image 4711 has a bad signature");
        told.SeverityNumber.Should().Be(Severity.Error);
        told.Fields.Should().BeEquivalentTo([
            new EventField(EventFields.Host, "ctl-1"), new EventField(EventFields.Service, "nova-compute"),
            new EventField(EventFields.Level, "ERROR"), new EventField(EventFields.LogFilePath, "/var/log/x.log"),
            new EventField(EventFields.LogTemplate, "Refusing to boot: image <NUM> has a bad signature")]);
        (await SeeAsync("nova-compute", "Refusing to boot: image 4712 has a bad signature")).Should().BeEmpty("it is known now");
    }

    [Fact]
    public async Task A_source_is_learned_first_however_old_others_are()
    {
        await SeeAsync("old", "hello");
        _time.Advance(TimeSpan.FromHours(25));
        (await SeeAsync("new", "hello from the new one")).Should().BeEmpty();
        _time.Advance(TimeSpan.FromHours(23));
        (await SeeAsync("new", "another line altogether here")).Should().BeEmpty();
        (await SeeAsync("old", "another line altogether here")).Should().ContainSingle();
        _metrics.NotReported.WithLabels("learning").Value.Should().Be(3);
    }

    [Fact]
    public async Task What_an_upgrade_brings_is_bounded_and_the_rest_counted()
    {
        await SeeAsync("api", "hello");
        _time.Advance(TimeSpan.FromDays(1));
        (await SeeAsync("api", [.. Kinds(50)])).Should().HaveCount(20);
        (await SeeAsync("api", "one thing more")).Should().BeEmpty();
        _metrics.NotReported.WithLabels("too_many").Value.Should().Be(31);
        _time.Advance(TimeSpan.FromHours(1));
        (await SeeAsync("api", Kinds(50).First())).Should().BeEmpty("it was counted, and is known");
        (await SeeAsync("api", "and another hour brings others")).Should().ContainSingle();
    }

    [Fact]
    public async Task Neither_a_restart_nor_kill_9_makes_a_known_kind_new_or_begins_the_learning_anew()
    {
        await SeeAsync("api", "hello to ann", "good bye", "hello to bob");
        _time.Advance(TimeSpan.FromDays(1));
        (await SeeAsync("api", "a new kind altogether")).Should().ContainSingle();
        Restart();
        (await SeeAsync("api", "a new kind altogether", "hello to carl", "good bye")).Should().BeEmpty();
        (await SeeAsync("api", "what was never there before")).Should().ContainSingle();
    }

    [Fact]
    public async Task What_could_not_be_stored_is_told_when_it_comes_again()
    {
        await SeeAsync("api", "hello");
        _time.Advance(TimeSpan.FromDays(1));
        for (int n = 0; n < 100; n++)
            (await SeeAsync("api", isStored: false, "a new kind altogether")).Should().ContainSingle();
        (await SeeAsync("api", "a new kind altogether")).Should().ContainSingle();
        (await SeeAsync("api", "a new kind altogether")).Should().BeEmpty();
    }

    [Fact]
    public async Task What_is_new_is_a_note_beside_the_lines_that_are_accounted_for()
    {
        await SeeAsync("api", "hello");
        _time.Advance(TimeSpan.FromDays(1));
        using EventBatch batch = Lines("api", "a new kind altogether", "hello");
        batch.Account("logs/api", Now);
        await _stage.TakeAsync(new EventWork(batch, null));
        (batch.Count, batch.Notes).Should().Be((3, 1));
        batch.Ledger.Should().ContainSingle().Which.Stored.Should().Be(2);
        var ledger = new EventLedger(new EventLogMetrics(_registry));
        ledger.Commit([batch]);
        _registry.Ledger.Look();
        _registry.Ledger.Close().Should().BeEmpty();
    }

    [Fact]
    public async Task A_fault_in_learning_costs_the_events_of_new_kinds_and_no_line()
    {
        await SeeAsync("api", "hello");
        _time.Advance(TimeSpan.FromDays(1));
        _log.Fault = new InvalidOperationException("a fault of ours");
        using EventBatch batch = Lines("api", "a new kind altogether", "hello");
        await _stage.TakeAsync(new EventWork(batch, null));
        (batch.Count, batch.Notes).Should().Be((2, 0));
        _intake.Faults.Metrics.Total.WithLabels("templates").Value.Should().Be(1);
        (_intake.EventsReceived.Value, _metrics.Reported.Value).Should().Be((0, 0));
        Commit(batch);
        _log.Fault = null;
        (await SeeAsync("api", "a new kind altogether")).Should().ContainSingle("nobody has heard of it");
    }

    [Fact]
    public async Task A_kind_that_was_dropped_before_its_line_failed_to_be_stored_is_dropped_once()
    {
        _options.Value = new EventLogOptions { Templates = TemplateOptions.Default with { MaxBytes = 100_000 } };
        var failed = new CommitSource();
        using EventBatch batch = Lines("api", [.. Kinds(50)]);
        await _stage.TakeAsync(new EventWork(batch, failed));
        _time.Advance(TimeSpan.FromMinutes(1));
        await SeeAsync("api", [.. Kinds(2_000).Skip(50)]);
        _stage.Look(s => s.Single().Tree.All.Any(t => t.Example == Kinds(1).Single())).Should().BeFalse();
        double full = _metrics.Dropped.WithLabels("full").Value;
        failed.Fail(new StoreException("the disk is full"));
        _metrics.Dropped.WithLabels("not_stored").Value.Should().Be(0);
        await SeeAsync("api", [.. Kinds(4_000).Skip(2_000)]);
        _metrics.Dropped.WithLabels("full").Value.Should().BeGreaterThan(full);
        _stage.Look(s => s.Sum(t => t.Tree.Bytes)).Should().BeLessThan(110_000, "what is dropped twice makes no room");
    }

    [Fact]
    public async Task What_is_stored_and_of_no_use_goes_from_the_store()
    {
        await SeeAsync("api", "hello");
        await SeeAsync("web", "good bye");
        _stored.Remove("source/ctl-1/web").Should().BeTrue();
        string[] kinds = [.. _stored.Keys.Where(k => k.StartsWith("template/", StringComparison.Ordinal))];
        _stored["template/77"] = _stored[kinds[0]].Replace("\"ctl-1\"", "null", StringComparison.Ordinal);
        _stored["template/78"] = "no JSON";
        _stored["template/x"] = _stored[kinds[0]];
        _stored["source/ctl-1/db"] = """{"Host":"ctl-1","Service":"db","Since":-1,"FullUntil":0}""";
        Restart();
        _stage.Look(s => s.Select(t => (t.Service, t.Tree.Count))).Should().Equal(("api", 1));
        await SeeAsync("api", "another line altogether here");
        _stored.Keys.Should().HaveCount(3, "the source and its two kinds are left").And.Contain("source/ctl-1/api");
    }

    [Fact]
    public async Task A_source_that_is_back_in_the_batch_in_which_it_was_forgotten_stays()
    {
        await SeeAsync("other", "hello");
        for (int n = 1; n < LineTemplates.MaxSources; n++)
            await SeeAsync($"service-{n}", "hello");
        _time.Advance(TimeSpan.FromHours(25));
        using var batch = new EventBatch("test");
        Add(batch, "one-more", "hello");
        Add(batch, "other", "hello");
        await _stage.TakeAsync(new EventWork(batch, null));
        Commit(batch);
        Restart();
        _stage.Look(s => s.Select(t => (t.Service, t.Tree.Count))).Should().BeEquivalentTo([("one-more", 1), ("other", 1)]);
    }

    [Fact]
    public async Task A_source_with_more_kinds_than_are_kept_tells_none_as_new_before_it_has_room_again()
    {
        await SeeAsync("api", [.. Kinds(LineTemplates.MaxKinds + 1)]);
        _time.Advance(TimeSpan.FromHours(23));
        await SeeAsync("api", [.. Kinds(LineTemplates.MaxKinds + 500).Skip(LineTemplates.MaxKinds + 1)]);
        _stage.Look(s => s.Single().Tree.Count).Should().BeLessThanOrEqualTo(LineTemplates.MaxKinds);
        _time.Advance(TimeSpan.FromHours(23));
        Restart();
        (await SeeAsync("api", Kinds(1).Single())).Should().BeEmpty("it was there, and had to be forgotten");
        _time.Advance(TimeSpan.FromHours(2));
        (await SeeAsync("api", "it has had room for a day now")).Should().ContainSingle();
    }

    [Fact]
    public async Task All_kinds_together_keep_within_their_memory_and_who_has_most_makes_room()
    {
        _options.Value = new EventLogOptions { Templates = TemplateOptions.Default with { MaxBytes = 100_000 } };
        await SeeAsync("small", "hello", "good bye");
        for (int n = 0; n < 20; n++)
            await SeeAsync("large", [.. Kinds(900)]);
        _stage.Look(s => s.Sum(t => t.Tree.Bytes)).Should().BeLessThan(110_000);
        _stage.Look(s => s.Single(t => t.Service == "small").Tree.Count).Should().Be(2);
    }

    [Fact]
    public async Task What_is_dropped_takes_no_memory_any_more()
    {
        _options.Value = new EventLogOptions { Templates = TemplateOptions.Default with { MaxBytes = 100_000 } };
        var dropped = new List<WeakReference>();
        for (int n = 0; n < 20; n++)
        {
            await SeeAsync("api", [.. Kinds(4_000).Skip(200 * n).Take(200)]);
            dropped.AddRange(Known());
            _time.Advance(TimeSpan.FromMinutes(1));
        }
        await SeeAsync("api", "hello");
        GC.Collect();
        dropped.Count(d => d.IsAlive).Should().BeLessThan(dropped.Count / 4);

        IEnumerable<WeakReference> Known() => _stage.Look(s => s.Single().Tree.All.Select(t => new WeakReference(t)).ToArray());
    }

    [Fact]
    public async Task Sources_are_bounded_and_those_that_are_silent_make_room()
    {
        for (int n = 0; n < LineTemplates.MaxSources + 5; n++)
            await SeeAsync($"service-{n}", "hello");
        _metrics.NotLearned.Value.Should().Be(5);
        _time.Advance(TimeSpan.FromHours(25));
        await SeeAsync("one-more", "hello");
        _stage.Look(s => s.Count).Should().Be(1);
        Restart();
        _stage.Look(s => s.Count).Should().Be(1, "they are gone from what is stored too");
    }

    [Fact]
    public async Task Of_lines_that_are_JSON_what_the_program_said_is_a_kind_by_the_level_that_they_name()
    {
        static string Json(int n, string says, string level) =>
            $$"""{"request":"req-{{n}}","event":"{{says}}","level":"{{level}}","timestamp":"2026-11-27T19:50:30.888716Z","took":{{n}}}""";
        for (int n = 0; n < 30; n++)
        {
            (await SeeAsync("billing", Json(n, $"user {n} logged in", "info"))).Should().BeEmpty();
            _time.Advance(TimeSpan.FromHours(1));
        }
        Event told = (await SeeAsync("billing", Json(1, "it \\u0066ailed", "debug"))).Should().ContainSingle().Subject;
        told.Body.Should().Be("A kind of line that was not seen before: it failed");
        told.SeverityNumber.Should().Be(Severity.Debug, "who asks for no debug lines is told of none");
        _stage.Look(s => s.Single().Tree.All.Select(t => (LineMask.Show(t.Masked), t.Count)).ToList()).Should()
            .BeEquivalentTo([("user <NUM> logged in", 30L), ("it failed", 1L)]);
    }

    [Fact]
    public async Task Lines_that_a_parser_knows_and_JSON_that_says_nothing_are_no_kinds_and_off_is_off()
    {
        var batch = new EventBatch("test");
        batch.Add(Now, Now, EventKinds.HostLogin, Severity.Info, "Accepted password for ann");
        batch.Add(Now, Now, EventKinds.Log, Severity.Info, """{"metric": "hello", "value": 7}""");
        await _stage.TakeAsync(new EventWork(batch, null));
        _options.Value = new EventLogOptions { Templates = TemplateOptions.Default with { IsEnabled = false } };
        await SeeAsync("api", "hello");
        _stage.Look(s => s.Sum(t => t.Tree.Count)).Should().Be(0);
    }

    [Fact]
    public async Task Counts_are_stored_at_the_end_and_from_time_to_time()
    {
        await SeeAsync("api", "hello 1");
        await SeeAsync("api", "hello 2", "hello 3");
        Restart();
        _stage.Look(s => s.Single().Tree.All.Single().Count).Should().Be(1, "of the last minutes kill -9 may take the counts");
        await SeeAsync("api", "hello 2", "hello 3");
        _time.Advance(TimeSpan.FromMinutes(6));
        await SeeAsync("api", "hello 4");
        Restart();
        _stage.Look(s => s.Single().Tree.All.Single().Count).Should().Be(4);
        await SeeAsync("api", "hello 5");
        Commit(_stage.TakeUnsaved()!);
        Restart();
        _stage.Look(s => s.Single().Tree.All.Single().Count).Should().Be(5);
    }

    private long Now => _time.GetUtcNow().ToUnixTimeMilliseconds() * 1_000_000;

    /// <summary>Lines of which each is of another kind.</summary>
    private static IEnumerable<string> Kinds(int count) => Enumerable.Range(0, count).Select(n =>
        string.Join(' ', Enumerable.Repeat($"{(char)('a' + (n % 26))}{(char)('a' + (n / 26 % 26))}{(char)('a' + (n / 676))}", 5)));

    private Task<List<Event>> SeeAsync(string service, params string[] lines) => SeeAsync(service, isStored: true, lines);

    /// <returns>What was added to the lines.</returns>
    [Fact]
    public async Task What_a_node_forwards_was_learned_there_and_is_neither_learned_nor_told_again()
    {
        await SeeAsync("api", "hello");
        _time.Advance(TimeSpan.FromDays(1));
        using (var forwarded = new EventBatch("forward/n1") { IsForwarded = true })
        {
            forwarded.Add(Now, Now, EventKinds.Log, Severity.Error, "a line that never was");
            forwarded.AddField(EventFields.Host, "ctl-1");
            forwarded.AddField(EventFields.Service, "api");
            await _stage.TakeAsync(new EventWork(forwarded, null));
            (forwarded.Count, forwarded.Positions.Count).Should().Be((1, 0));
        }
        (await SeeAsync("api", "a line that never was")).Should().ContainSingle("here it is the first time");
    }

    private async Task<List<Event>> SeeAsync(string service, bool isStored, params string[] lines)
    {
        using EventBatch batch = Lines(service, lines);
        var committed = new CommitSource();
        await _stage.TakeAsync(new EventWork(batch, committed));
        if (isStored)
        {
            Commit(batch);
            committed.Complete();
        }
        else
        {
            committed.Fail(new StoreException("the disk is full"));
        }
        return [.. Enumerable.Range(lines.Length, batch.Count - lines.Length).Select(batch.ToEvent)];
    }

    private EventBatch Lines(string service, params string[] lines)
    {
        var batch = new EventBatch("test");
        foreach (string line in lines)
            Add(batch, service, line);
        return batch;
    }

    private void Add(EventBatch batch, string service, string line)
    {
        batch.Add(Now, Now, EventKinds.Log, Severity.Error, "Nov 26 10:00:00 ctl-1 " + line);
        batch.BeginMessage("Nov 26 10:00:00 ctl-1 ".Length);
        batch.AddField(EventFields.Host, "ctl-1");
        batch.AddField(EventFields.Service, service);
        batch.AddField(EventFields.Level, "ERROR");
        batch.AddField(EventFields.LogFilePath, "/var/log/x.log");
    }

    private void Commit(EventBatch batch)
    {
        foreach (SourcePosition position in batch.Positions)
        {
            if (position.State is { } state)
                _stored[position.Key] = state;
            else
                _stored.Remove(position.Key);
        }
    }

    /// <summary>As after kill -9: what was committed is there, and nothing else.</summary>
    private void Restart()
    {
        _registry = new MetricRegistry();
        (_intake, _metrics, _stage) = NewStage();
        _stage.Load([.. _stored.Select(p => new SourcePosition(StoredTemplate.Source, p.Key, p.Value))]);
    }

    private (IntakeMetrics, TemplateMetrics, TemplateStage) NewStage()
    {
        (var intake, var metrics) = (new IntakeMetrics(_registry), new TemplateMetrics(_registry));
        return (intake, metrics, new TemplateStage(_options, _log, intake, metrics, _time));
    }

    private sealed class Numbers : IEventLog
    {
        private long _last;

        public string Description => "a log of a test";

        public Exception? Fault { get; set; }

        public void Number(EventBatch batch)
        {
            if (Fault is not null)
                throw Fault;
            foreach (ref long id in batch.Ids)
                id = ++_last;
        }

        public Task WriteAsync(IReadOnlyList<EventBatch> batches, CancellationToken ct) => Task.CompletedTask;
    }
}
