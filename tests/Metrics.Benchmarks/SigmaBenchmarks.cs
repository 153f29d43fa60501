using System.Globalization;
using System.Text;
using BenchmarkDotNet.Attributes;
using Metrics.Formats.Logs;
using Metrics.Model;
using Metrics.Rules;

namespace Metrics.Benchmarks;

/// <summary>
/// Sigma's rules, those of the folder that METRICS_EXTRA_CASES names: what looking for all of them takes for an event, on the thread of
/// the intake.
/// </summary>
[MemoryDiagnoser]
public class SigmaBenchmarks
{
    private const int Lines = 8_000;

    private readonly GroupRunner _rules = Load();
    private readonly EventBatch[] _auth = Read((i, random) => LogScenario.AuthLine(i, random));
    private readonly EventBatch[] _access = Read((i, random) =>
        $"192.0.2.{random.Next(255)} - - [26/Nov/2026:10:00:00 +0000] \"GET /v3/projects/{i:x}?limit={random.Next(999)} HTTP/1.1\" 200 489 "
        + "\"-\" \"keystoneauth1/5.3.0 python-requests/2.31.0 CPython/3.12\"");

    private readonly EventBatch[] _execve = Read((i, random) => string.Create(CultureInfo.InvariantCulture,
        $"""
        type=SYSCALL msg=audit(1795687200.200:{i}): arch=c000003e syscall=59 a0=55d0 a1=7ffd pid={i} auid=1000 exe="/usr/bin/ls" key="exec"
        type=EXECVE msg=audit(1795687200.200:{i}): argc=3 a0="ls" a1="-la" a2="/srv/{random.Next()}"
        type=CWD msg=audit(1795687200.200:{i}): cwd="/root"
        type=PATH msg=audit(1795687200.200:{i}): item=0 name="/usr/bin/ls" inode=1 nametype=NORMAL
        type=PATH msg=audit(1795687200.200:{i}): item=1 name="/lib64/ld-linux-x86-64.so.2" nametype=NORMAL
        """));

    private int _next;

    /// <summary>Lines of an auth log.</summary>
    [Benchmark(OperationsPerInvoke = Lines)]
    public RuleMask? Auth() => _rules.Take(_auth[_next++ % 2]);

    /// <summary>Lines of an access log.</summary>
    [Benchmark(OperationsPerInvoke = Lines)]
    public RuleMask? Access() => _rules.Take(_access[_next++ % 2]);

    /// <summary>Programs that were started, five lines of auditd each.</summary>
    [Benchmark(OperationsPerInvoke = Lines)]
    public RuleMask? Execve() => _rules.Take(_execve[_next++ % 2]);

    private static GroupRunner Load()
    {
        string folder = Environment.GetEnvironmentVariable("METRICS_EXTRA_CASES") ?? ".";
        RuleGroup group = SigmaFiles.Load([Path.Combine(folder, "security", "sigma")]).Group
            ?? throw new InvalidOperationException("METRICS_EXTRA_CASES names no folder with Sigma rules");
        return new GroupRunner(group, TimeProvider.System);
    }

    /// <summary>Two batches, since what was found in one is known until another comes.</summary>
    private static EventBatch[] Read(Func<int, Random, string> line) => [.. Enumerable.Range(0, 2).Select(_ => ReadOne(line))];

    private static EventBatch ReadOne(Func<int, Random, string> line)
    {
        var reader = new LogReader(LogFormats.All, new LogContext(TimeZoneInfo.Utc) { Now = 1_795_680_000_000_000_000 });
        var (record, batch, random) = (new LogRecord(), new EventBatch("bench"), new Random(1));
        for (int i = 0; i < Lines; i++)
        {
            byte[] text = Encoding.UTF8.GetBytes(line(i, random));
            reader.Read(text, record);
            record.AddTo(batch, 1_795_680_000_000_000_000, text);
        }
        return batch;
    }
}
