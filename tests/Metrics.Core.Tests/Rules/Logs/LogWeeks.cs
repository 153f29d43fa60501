using Metrics.Model;
using Metrics.Query.Engine;
using Metrics.Rules;
using Metrics.Rules.Conditions;
using Metrics.Rules.Testing;
using Metrics.Series;
using Metrics.Text;

namespace Metrics.Tests.Rules.Logs;

/// <summary>
/// Weeks of logs in a moment: the sources write minute by minute, metricsd counts them as it does live, and the shipped rules are
/// evaluated.
/// </summary>
internal sealed class LogWeeks
{
    /// <summary>A Monday.</summary>
    public static readonly DateTime Monday = new(2026, 6, 1, 0, 0, 0, DateTimeKind.Utc);

    private const string InputUp = "metricsd_input_up";
    private static readonly QueryEngine s_engine = new();

    private readonly MemorySeries _series = new();
    private readonly Dictionary<Labels, (double Lines, DateTime Last)> _counted = [];
    private readonly GroupRunner _runner = new(Shipped(), TimeProvider.System);
    private readonly IReadOnlyList<LogSource> _cloud;
    private readonly IReadOnlyList<LogTraffic> _traffic;
    private readonly Random _random;
    private long _listeningSince;

    /// <summary>Goes on from what was learned before, with nothing else known.</summary>
    public LogWeeks(
        int seed, IReadOnlyList<(string Rule, Labels Series, byte[] Model)>? learned = null, IReadOnlyList<LogTraffic>? traffic = null)
    {
        _random = new Random(seed);
        _traffic = traffic ?? [];
        _cloud = traffic is null ? LogSource.Cloud : [];
        foreach ((string rule, Labels series, byte[] model) in learned ?? [])
            ((LearnedMemory)_runner.Alerting.Single(r => r.Rule.Name == rule).Memory).Restore(series, model);
    }

    /// <summary>What began to fire, in that order: <c>LogHostSilent cmp-1</c>.</summary>
    public List<(DateTime At, string Alert)> Fired { get; } = [];

    /// <summary>What was learned, as it is kept over a restart.</summary>
    public IReadOnlyList<(string Rule, Labels Series, byte[] Model)> Learned =>
    [
        .. _runner.Alerting.SelectMany(r => r.Memory is LearnedMemory memory
            ? memory.TakeChanged().Select(m => (r.Rule.Name, m.Series, m.Model!))
            : []),
    ];

    /// <summary>Time goes on.</summary>
    /// <param name="from">From then.</param>
    /// <param name="to">To then.</param>
    /// <param name="happens">What happens meanwhile.</param>
    /// <param name="roundMinutes">Minutes between two rounds of the rules: one, as live, or two, to be quick.</param>
    public void Run(DateTime from, DateTime to, LogTrouble happens, int roundMinutes = 1)
    {
        var waiting = new Dictionary<Labels, int>();
        bool ran = false;
        for (DateTime begin = from; begin < to; begin += TimeSpan.FromMinutes(1))
        {
            foreach (LogSource source in _cloud)
            {
                foreach ((string level, int lines) in source.Lines(begin, _random))
                {
                    if (lines == 0 || happens.IsMuted(begin, source, level))
                        continue;
                    Labels series = Labels.Of("log_messages_total", ("host", source.Host), ("service", source.Service), ("level", level));
                    waiting[series] = waiting.GetValueOrDefault(series) + lines;
                }
            }
            foreach (LogTraffic service in _traffic)
                service.Write(begin, _random, waiting);
            DateTime end = begin.AddMinutes(1);
            bool isUp = !happens.IsInputDown(begin), runs = !happens.IsOff(begin);
            if (runs && !ran)
                Start(end);
            ran = runs;
            if (!runs)
                continue;
            // Rotation: at midnight the files lie still for three minutes, and what was written then comes at once.
            if (isUp && begin is not { Hour: 0, Minute: < 3 })
                Take(waiting, end);
            Sample(end, isUp);
            foreach (LogSource agent in _cloud.Where(s => s.IsAgent))
            {
                Labels state = Labels.Of("openstack_nova_agent_state", ("hostname", agent.Host), ("service", agent.Service));
                _series.Add(state, Milliseconds(end), happens.IsMuted(begin, agent, "emerg") ? 0 : 1);
            }
            if (end.Minute % roundMinutes == 0)
                Evaluate(end);
        }
    }

    private void Start(DateTime at)
    {
        _listeningSince = Milliseconds(at);
        _counted.Clear();
    }

    private void Take(Dictionary<Labels, int> waiting, DateTime at)
    {
        foreach ((Labels series, int lines) in waiting)
        {
            if (!_counted.TryGetValue(series, out (double Lines, DateTime) counted))
                _series.Add(series, Milliseconds(at) - 60_000, 0);
            _counted[series] = (counted.Lines + lines, at);
        }
        waiting.Clear();
    }

    private void Sample(DateTime at, bool isUp)
    {
        _series.Add(Labels.Of(InputUp, ("input", "logs/cloud")), Milliseconds(at), isUp ? 1 : 0);
        foreach ((Labels series, (double lines, DateTime last)) in _counted.ToList())
        {
            bool isOver = at - last > TimeSpan.FromHours(24);
            _series.Add(series, Milliseconds(at), isOver ? StaleMarker.Value : lines);
            if (isOver)
                _counted.Remove(series);
        }
    }

    private void Evaluate(DateTime at)
    {
        using var output = new SampleBatch("rules");
        var round = new RuleRound(_series, Milliseconds(at), _listeningSince);
        foreach ((AlertRuleState rule, AlertChange change) in
            _runner.Evaluate(round, source => new LocalQueries(s_engine, source), output, TimeProvider.System))
        {
            if (change.Alert.State is AlertState.Firing)
                Fired.Add((at, string.Join(' ', ((IEnumerable<Label>)change.Alert.Series).Select(l => l.Value).Prepend(rule.Rule.Name))));
        }
        _runner.Rules.Where(r => r.Error is not null).Select(r => $"{r.Rule.Name}: {r.Error}").Should().BeEmpty();
    }

    private static long Milliseconds(DateTime at) => new DateTimeOffset(at).ToUnixTimeMilliseconds();

    private static RuleGroup Shipped()
    {
        var problems = new List<Problem>();
        string file = Path.Combine(Cases.Repository, "rules", "logs.yaml");
        RuleGroup group = RuleFile.Read(File.ReadAllText(file), file, problems).Single(g => g.Name == "log sources");
        problems.Should().BeEmpty();
        return group;
    }
}
