using Metrics.Pollers;
using Quartz;

namespace Metrics.Scheduling;

/// <summary>The one kind of job: polls the target whose key it is named by.</summary>
[DisallowConcurrentExecution]
internal sealed class PollJob(PollScheduler scheduler, PollRunner runner) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken)
    {
        if (scheduler.Find(context.JobDetail.Key.Name) is { } target)
            await runner.RunAsync(target, cancellationToken);
    }
}
