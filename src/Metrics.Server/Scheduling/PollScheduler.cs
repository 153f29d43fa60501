using System.Collections.Concurrent;
using Metrics.Configuration;
using Metrics.Pollers;
using Quartz;

namespace Metrics.Scheduling;

/// <summary>
/// Keeps one Quartz job a target: the same job kind for all, which runs a target by its key. First runs are spread over the interval; a
/// target that is still being polled when its time comes again is passed over.
/// </summary>
internal sealed partial class PollScheduler(
    ISchedulerFactory factory, TargetCatalog catalog, PollRunner runner, CurrentOptions options, TimeProvider time, ILogger<PollScheduler> log)
    : BackgroundService
{
    private static readonly TimeSpan s_discoveryInterval = TimeSpan.FromSeconds(5);

    /// <summary>However long the interval, the first poll comes within this: whoever starts the daemon wants to see something.</summary>
    private static readonly TimeSpan s_longestSpread = TimeSpan.FromSeconds(15);

    private readonly ConcurrentDictionary<string, PollTarget> _targets = new();

    /// <summary>Targets that are polled now, by job and instance.</summary>
    public IReadOnlyList<PollTarget> Targets => [.. _targets.Values.OrderBy(t => t.Job, StringComparer.Ordinal).ThenBy(t => t.Instance, StringComparer.Ordinal)];

    internal PollTarget? Find(string key) => _targets.GetValueOrDefault(key);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        IScheduler scheduler = await factory.GetScheduler(stoppingToken);
        using var timer = new PeriodicTimer(s_discoveryInterval, time);
        do
        {
            await ReconcileAsync(scheduler, stoppingToken);
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task ReconcileAsync(IScheduler scheduler, CancellationToken ct)
    {
        var wanted = new Dictionary<string, PollTarget>();
        foreach (PollTarget target in catalog.Discover(options.Value))
        {
            if (!wanted.TryAdd(target.Identity, target))
                LogRepeated(target.Key);
        }
        foreach ((string key, PollTarget target) in _targets)
        {
            if (wanted.ContainsKey(key))
                continue;
            await scheduler.DeleteJob(new JobKey(key), ct);
            _targets.TryRemove(key, out _);
            await runner.RetireAsync(target, ct);
            LogRemoved(target.Key);
        }
        foreach ((string key, PollTarget target) in wanted)
        {
            if (_targets.TryAdd(key, target))
                await ScheduleAsync(scheduler, key, target, ct);
        }
    }

    private async Task ScheduleAsync(IScheduler scheduler, string key, PollTarget target, CancellationToken ct)
    {
        IJobDetail job = JobBuilder.Create<PollJob>().WithIdentity(key).Build();
        ITrigger trigger = TriggerBuilder.Create()
            .WithIdentity(key)
            .StartAt(time.GetUtcNow() + Offset(key, target.Interval))
            .WithSimpleSchedule(s => s.WithInterval(target.Interval).RepeatForever().WithMisfireInstruction(SimpleTriggerMisfireInstruction.NextWithRemainingCount))
            .Build();
        await scheduler.ScheduleJob(job, trigger, cancellationToken: ct);
    }

    /// <summary>A share of the interval that depends on the key alone, so that a restart keeps the rhythm and thousands of targets spread.</summary>
    internal static TimeSpan Offset(string key, TimeSpan interval)
    {
        uint hash = 2166136261;
        foreach (char c in key)
            hash = (hash ^ c) * 16777619;
        TimeSpan max = interval < s_longestSpread ? interval : s_longestSpread;
        return max * (hash / (double)uint.MaxValue);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The target {Target} is listed more than once with the same labels; it is polled once")]
    private partial void LogRepeated(string target);

    [LoggerMessage(Level = LogLevel.Information, Message = "The target {Target} is no longer listed")]
    private partial void LogRemoved(string target);
}
