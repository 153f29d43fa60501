using Metrics.Alerting;
using Metrics.Configuration;
using Metrics.Hosting;
using Metrics.Rules;
using Metrics.Storage;
using Metrics.Storage.State;
using Metrics.Telemetry;
using Metrics.Text;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;

namespace Metrics.Tests.Alerting;

/// <summary>The part of the daemon that remembers alerts, over a real state file; its loops run only where a test starts them.</summary>
internal sealed class AlertingRoom : IDisposable
{
    private readonly TimeProvider _time;

    public AlertingRoom(MetricsOptions options, TimeProvider time)
    {
        _time = time;
        State = OpenState(options.Storage.Path, time, Registry);
        var current = new Current<NotificationOptions>(options.Notifications);
        var metrics = new AlertMetrics(Registry);
        HistoryWriter = new HistoryWriter(State, metrics, time);
        Inbox = new AlertInbox(time);
        Silences = new Silences(State, time);
        Acknowledgements = new Acknowledgements(State, time);
        var links = new SignedLinks(State, time);
        var external = new ExternalAlerts();
        var rules = new ActiveRules();
        Active = new ActiveAlerts(rules, external, Silences);
        Rules = new RuleHistory(State, HistoryWriter);
        History = new AlertHistory(
            State, HistoryWriter, rules, Active, new AlertDescription(rules, Active, Acknowledgements, current, time));
        Persistence = new AlertPersistence(
            current, State, new DispatchCommitter(State, Acknowledgements, links, HistoryWriter, rules), new RuleMemory(State), Silences,
            Acknowledgements, links, rules, Active, external, Inbox, HistoryWriter,
            new Outbox(State, current, HistoryWriter, null!, new NotificationMetrics(Registry), time, NullLogger<Outbox>.Instance),
            metrics);
        Writer = new AlertWriter(Persistence, Inbox, external, metrics, time, NullLogger<AlertWriter>.Instance);
    }

    public MetricRegistry Registry { get; } = new();

    public StateStore State { get; }

    public AlertPersistence Persistence { get; }

    public AlertWriter Writer { get; }

    public AlertInbox Inbox { get; }

    public Silences Silences { get; }

    public Acknowledgements Acknowledgements { get; }

    public ActiveAlerts Active { get; }

    public HistoryWriter HistoryWriter { get; }

    public AlertHistory History { get; }

    public RuleHistory Rules { get; }

    public static StateStore OpenState(string folder, TimeProvider time, MetricRegistry? registry = null)
    {
        var lifetime = new ApplicationLifetime(NullLogger<ApplicationLifetime>.Instance);
        StorageOptions options = MetricsOptions.Parse($"storage: {{ path: '{folder}' }}").Storage;
        var state = new StateStore(
            options, new StateMetrics(registry ?? new MetricRegistry()), lifetime, time, NullLogger<StateStore>.Instance);
        state.Prepare();
        return state;
    }

    public List<GroupRunner> Read(string rules)
    {
        var problems = new List<Problem>();
        IReadOnlyList<RuleGroup> groups = RuleFile.Read(rules, "rules.yaml", problems);
        problems.Should().BeEmpty();
        return [.. groups.Select(g => new GroupRunner(g, _time))];
    }

    public void Dispose()
    {
        Writer.Dispose();
        HistoryWriter.Dispose();
        State.Dispose();
    }
}
