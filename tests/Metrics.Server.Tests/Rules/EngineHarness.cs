using System.Threading.Channels;
using Metrics.Configuration;
using Metrics.Hosting;
using Metrics.Intake;
using Metrics.Intake.Marks;
using Metrics.Intake.Templates;
using Metrics.Model;
using Metrics.Pollers;
using Metrics.Query.Engine;
using Metrics.Rules;
using Metrics.Series;
using Metrics.Storage;
using Metrics.Storage.Events;
using Metrics.Telemetry;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Metrics.Tests.Rules;

/// <summary>The rule engine behind a real intake and head; what its rounds give is seen one by one.</summary>
internal sealed class EngineHarness : IEvaluationSink, IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly string _folder = Directory.CreateTempSubdirectory("engine").FullName;
    private readonly Channel<GroupEvaluation> _evaluations = Channel.CreateUnbounded<GroupEvaluation>();
    private readonly List<GroupEvaluation> _kept = [];
    private readonly IntakePipeline _intake;
    private readonly StoreWriter _store;
    private readonly EventLogStub? _log;
    private int _seen;
    private readonly EventLogWriter _events;
    private readonly GroupEvaluator _evaluator;
    private readonly TimeProvider _time;
    private readonly MetricRegistry _registry = new();
    private readonly Current<RuleOptions> _options;

    public EngineHarness(TimeProvider time, string rules, string settings = "", Head? head = null, EventLogStub? log = null)
    {
        _time = time;
        string file = Path.Combine(_folder, "rules.yaml");
        File.WriteAllText(file, rules);
        MetricsOptions options = MetricsOptions.Parse(
            $"storage: {{ path: '{_folder}' }}\nrules: {{ shipped: false, files: ['{file}'] {settings} }}");
        _options = new Current<RuleOptions>(options.Rules);
        Head = head ?? new Head(HeadOptions.Default);
        // Nothing starts it: what it is given waits, and is gone with it.
        var metrics = new RuleMetrics(_registry);
        var sigma = new SigmaReport(new SigmaMetrics(_registry), NullLogger<SigmaReport>.Instance);
        _store = new StoreWriter(null!, options.Storage, new StoreMetrics(_registry), time, NullLogger<StoreWriter>.Instance);
        (_log, _events) = (log, new EventLogWriter(
            log!, options.Storage, new EventLogMetrics(_registry), time, NullLogger<EventLogWriter>.Instance));
        var intake = new IntakeMetrics(_registry);
        var events = new Current<EventLogOptions>(options.Events);
        _intake = new IntakePipeline(
            Head, log!, _store, _events, new MetadataTable(), new LogCounts(intake, time),
            new MarkStage(events, new Current<EventCalendar>(new EventCalendar([], null)), intake, new MarkMetrics(_registry), time),
            new TemplateStage(events, log!, intake, new TemplateMetrics(_registry), time), events, intake, time);
        _evaluator = new GroupEvaluator(
            Head, _intake, this, new QueryEngine(), new RuleEnvironment(_options, null!, new RetiredTargets()), _options, metrics, time,
            NullLogger<GroupEvaluator>.Instance);
        Engine = new RuleEngine(
            Head, _intake, this, _evaluator, _options, metrics, sigma, time, NullLogger<RuleEngine>.Instance, log);
        _intake.OnArrival((EventBatch batch) => Interlocked.Add(ref _seen, batch.Count));
    }

    public Head Head { get; }

    public RuleEngine Engine { get; }

    /// <summary>Reads another text of the rule file, as a reload does.</summary>
    public void Replace(string rules)
    {
        File.WriteAllText(Path.Combine(_folder, "rules.yaml"), rules);
        Engine.Replace(RuleSet.Load(_options.Value));
    }

    /// <summary>What restoring waits for.</summary>
    public Task Restored { get; init; } = Task.CompletedTask;

    /// <summary>What taking the rounds of a group waits for.</summary>
    public Func<string, Task> Taken { get; init; } = _ => Task.CompletedTask;

    public async Task StartAsync()
    {
        if (_log is not null)
            await _events.StartAsync(default);
        await _intake.StartAsync(default);
        await Engine.StartAsync(default);
    }

    public async ValueTask DisposeAsync()
    {
        await Engine.StopAsync(default);
        await _intake.StopAsync(default);
        if (_log is not null)
            await _events.StopAsync(default);
        Engine.Dispose();
        _intake.Dispose();
        _store.Dispose();
        _events.Dispose();
        _evaluator.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    public Task RestoreAsync(IReadOnlyList<GroupRunner> groups, Timestamp at, CancellationToken ct) => Restored.WaitAsync(ct);

    public async ValueTask TakeAsync(GroupEvaluation evaluation, CancellationToken ct)
    {
        await Taken(evaluation.Group.Group.Name).WaitAsync(ct);
        await _evaluations.Writer.WriteAsync(evaluation, ct);
    }

    /// <summary>Sends samples of metrics with the clock's time; returns when they are in the head.</summary>
    public async Task SendAsync(params (string Metric, double Value)[] samples)
    {
        long now = _time.GetUtcNow().ToUnixTimeMilliseconds();
        var batch = new SampleBatch("test");
        foreach ((string metric, double value) in samples)
            batch.Add(Labels.Of(metric), now, value);
        await _intake.WriteAsync(batch, default);
        using var deadline = new CancellationTokenSource(s_patience, TimeProvider.System);
        while (samples.Any(s => Head.Find(Labels.Of(s.Metric))?.Last.Time != now))
        {
            deadline.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    /// <summary>Sends an event of a kind with the clock's time; returns when rules have seen it.</summary>
    public async Task SendEventAsync(string kind)
    {
        long now = _time.GetUtcNow().ToUnixTimeMilliseconds() * 1_000_000;
        int seen = Volatile.Read(ref _seen);
        var batch = new EventBatch("test");
        batch.Add(now, now, kind, 9, "");
        await _intake.WriteAsync(batch, default);
        await Eventually.Async(() => Volatile.Read(ref _seen) > seen, "rules have seen the event");
    }

    /// <summary>Puts a sample into the head so that nobody notices.</summary>
    public void Slip(string metric, double value)
    {
        long now = _time.GetUtcNow().ToUnixTimeMilliseconds();
        using var batch = new SampleBatch("test");
        batch.Add(Labels.Of(metric), now, value);
        Head.Append(batch, now);
    }

    /// <summary>The next round of a group; those of others are kept for who asks for them, since groups run side by side.</summary>
    public async Task<GroupEvaluation> NextAsync(string group = "g")
    {
        using var deadline = new CancellationTokenSource(s_patience, TimeProvider.System);
        int kept = _kept.FindIndex(e => e.Group.Group.Name == group);
        while (kept < 0)
        {
            _kept.Add(await _evaluations.Reader.ReadAsync(deadline.Token));
            kept = _kept[^1].Group.Group.Name == group ? _kept.Count - 1 : -1;
        }
        GroupEvaluation evaluation = _kept[kept];
        _kept.RemoveAt(kept);
        return evaluation;
    }

    /// <summary>The next round of a group on arrival: how long it is put off depends on what the rounds before it have cost.</summary>
    public Task<GroupEvaluation> NextOnArrivalAsync(FakeTimeProvider time, string group = "g") =>
        NextWhileAsync(time, TimeSpan.FromMilliseconds(100), group);

    /// <summary>The next round of a group while time goes by in steps.</summary>
    public async Task<GroupEvaluation> NextWhileAsync(FakeTimeProvider time, TimeSpan step, string group = "g")
    {
        Task<GroupEvaluation> next = NextAsync(group);
        await Eventually.Async(
            () =>
            {
                time.Advance(step);
                return next.IsCompleted;
            },
            $"{group} is evaluated");
        return await next;
    }

    /// <summary>Whether rounds took place that nobody has looked at.</summary>
    public bool HasMore => _kept.Count > 0 || _evaluations.Reader.TryPeek(out _);

    public async Task<string> MetricsAsync()
    {
        using var text = new MemoryStream();
        await _registry.WriteAsync(text, default);
        return System.Text.Encoding.UTF8.GetString(text.ToArray());
    }
}
