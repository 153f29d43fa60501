using System.Globalization;
using Metrics.Model;

namespace Metrics.Pollers.Host;

/// <summary>Processes and threads by state, and the limits on both.</summary>
/// <remarks>Source: <c>/proc/PID/stat</c>, <c>/proc/PID/task/TID/stat</c>, man 5 proc_pid_stat.</remarks>
internal sealed class ProcessesPoller(HostFiles files) : IPoller
{
    private static readonly Metric s_threads = Metric.Gauge("node_processes_threads", "Allocated threads in system");
    private static readonly Metric s_maxThreads = Metric.Gauge("node_processes_max_threads", "Limit of threads in the system");
    private static readonly Metric s_processes = Metric.Gauge("node_processes_pids", "Number of PIDs");
    private static readonly Metric s_maxProcesses = Metric.Gauge("node_processes_max_processes", "Number of max PIDs limit");
    private static readonly Metric s_state = Metric.Gauge("node_processes_state", "Number of processes in each state.", "state");

    public ValueTask PollAsync(SampleSink sink, CancellationToken ct)
    {
        var states = new Dictionary<string, int>();
        double threads = 0;
        int processes = 0;
        foreach (string process in HostFiles.Entries(files.Proc("")).Where(p => char.IsAsciiDigit(p[0])))
        {
            // The name stands in parentheses and may hold anything; what follows the last one is plain.
            if (HostFiles.TryText(files.Proc($"{process}/stat")) is not { } stat || stat.LastIndexOf(')') is not (> 0 and var end))
                continue;
            string[] words = HostFiles.Words(stat[(end + 1)..]);
            if (words.Length < 18)
                continue;
            processes++;
            states[words[0]] = states.GetValueOrDefault(words[0]) + 1;
            threads += double.Parse(words[17], NumberStyles.Integer, CultureInfo.InvariantCulture);
        }
        sink.Add(s_threads, threads);
        sink.Add(s_processes, processes);
        foreach ((string state, int count) in states)
            sink.Add(s_state, count, state);
        if (HostFiles.TryNumber(files.Proc("sys/kernel/threads-max")) is { } maxThreads)
            sink.Add(s_maxThreads, maxThreads);
        if (HostFiles.TryNumber(files.Proc("sys/kernel/pid_max")) is { } maxProcesses)
            sink.Add(s_maxProcesses, maxProcesses);
        return ValueTask.CompletedTask;
    }
}
