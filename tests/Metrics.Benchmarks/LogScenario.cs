using System.Globalization;
using System.Text;

namespace Metrics.Benchmarks;

/// <summary>
/// An auth log of four million lines read from its beginning: by metricsd, which understands each line, and by what people read logs with.
/// </summary>
internal static class LogScenario
{
    private const int Lines = 4_000_000;

    /// <summary>fail2ban-regex takes minutes for more.</summary>
    private const int FewLines = 50_000;

    private static readonly DateTime s_start = TimeProvider.System.GetUtcNow().UtcDateTime.AddDays(-1);

    /// <summary>Counts what metricsd's <c>counts</c> counts: lines by program, and failed logins.</summary>
    private const string Mtail = """
        counter lines_total by service
        counter failures_total by user
        /^\w{3} [ \d]\d \d\d:\d\d:\d\d \S+ (?P<service>[^\[: ]+)(\[\d+\])?: / {
          lines_total[$service]++
          /Failed password for (invalid user )?(?P<user>\S+) from \S+ port \d+/ {
            failures_total[$user]++
          }
        }
        """;

    /// <summary>Runs it.</summary>
    /// <param name="rounds">How often; medians are printed.</param>
    public static async Task<int> RunAsync(int rounds)
    {
        string folder = Directory.CreateTempSubdirectory("bench-logs").FullName;
        string log = Path.Combine(folder, "auth.log"), few = Path.Combine(folder, "few.log");
        WriteLog(log, Lines);
        WriteLog(few, FewLines);
        Console.WriteLine($"{Lines:#,0} lines, {new FileInfo(log).Length >> 20} MiB; medians of {rounds}\n");
        Console.WriteLine("| who | lines/s | lines per CPU-second | MiB at most |\n| --- | --- | --- | --- |");
        await ReportAsync("metricsd, events.store: all", Lines, rounds, () => RunDaemonAsync(log, "all"));
        await ReportAsync("metricsd, events.store: counts", Lines, rounds, () => RunDaemonAsync(log, "counts"));
        await ReportAsync("the same, events.templates off", Lines, rounds,
            () => RunDaemonAsync(log, "counts, templates: { enabled: false }"));
        await File.WriteAllTextAsync(Path.Combine(folder, "auth.mtail"), Mtail);
        await ReportAsync("mtail", Lines, rounds, () => RunToEndAsync(
            folder, "mtail", "--one_shot", "--progs", Path.Combine(folder, "auth.mtail"), "--logs", log, "--log_dir", folder));
        await ReportAsync("rsyslog, imfile to omfile", Lines, rounds, () => RunRsyslogAsync(folder, log));
        await ReportAsync($"fail2ban-regex, {FewLines:#,0} lines", FewLines, rounds,
            () => RunToEndAsync(folder, "fail2ban-regex", few, "sshd"));
        Directory.Delete(folder, recursive: true);
        return 0;
    }

    private static async Task ReportAsync(string who, int lines, int rounds, Func<Task<Figures?>> run)
    {
        var all = new List<Figures>();
        for (int round = 0; round < rounds; round++)
        {
            if (await run() is not { } figures)
            {
                Console.WriteLine($"| {who} | is not there | | |");
                return;
            }
            all.Add(figures);
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"| {who} | {lines / MeasuredProcess.Median(all.Select(f => f.Seconds)):#,0} | "
            + $"{lines / MeasuredProcess.Median(all.Select(f => f.CpuSeconds)):#,0} | "
            + $"{MeasuredProcess.Median(all.Select(f => f.Mebibytes)):0} |"));
    }

    /// <summary>
    /// From the moment at which the log is put into the folder that is watched until its last line is committed, or counted for good.
    /// </summary>
    private static async Task<Figures?> RunDaemonAsync(string log, string store)
    {
        string own = Directory.CreateTempSubdirectory("bench-logs-run").FullName, copy = Path.Combine(own, "auth.log");
        Figures figures;
        using (LogDaemon metricsd = await LogDaemon.StartAsync(own, store))
        {
            double cpu = metricsd.CpuSeconds;
            File.Copy(log, copy);
            long start = TimeProvider.System.GetTimestamp();
            metricsd.Read(copy);
            await metricsd.WaitForAsync(Lines);
            double seconds = TimeProvider.System.GetElapsedTime(start).TotalSeconds;
            figures = new Figures(seconds, metricsd.CpuSeconds - cpu, metricsd.HighestMebibytes);
        }
        Directory.Delete(own, recursive: true);
        return figures;
    }

    private static async Task<Figures?> RunRsyslogAsync(string folder, string log)
    {
        string output = Path.Combine(folder, "out.log"), state = Directory.CreateTempSubdirectory("bench-rsyslog").FullName;
        await File.WriteAllTextAsync(Path.Combine(state, "rsyslog.conf"),
            $"global(workDirectory=\"{state}\")\nmodule(load=\"imfile\")\ninput(type=\"imfile\" File=\"{log}\" Tag=\"auth\")\n"
            + $"template(name=\"line\" type=\"string\" string=\"%msg%\\n\")\naction(type=\"omfile\" file=\"{output}\" template=\"line\")\n");
        return await RunAsync(state, "rsyslogd", ["-n", "-f", $"{state}/rsyslog.conf", "-i", $"{state}/pid"],
            () => File.Exists(output) && new FileInfo(output).Length >= new FileInfo(log).Length, () =>
            {
                File.Delete(output);
                Directory.Delete(state, recursive: true);
            });
    }

    private static Task<Figures?> RunToEndAsync(string folder, string program, params string[] arguments) =>
        RunAsync(folder, program, arguments, () => false, () => { });

    private static async Task<Figures?> RunAsync(
        string folder, string program, string[] arguments, Func<bool> isDone, Action cleanUp)
    {
        if (!Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(p => File.Exists(Path.Combine(p, program))))
            return null;
        long start = TimeProvider.System.GetTimestamp();
        using MeasuredProcess process = MeasuredProcess.Start(folder, program, arguments);
        (double cpu, double mebibytes) = (0, 0);
        while (!process.HasExited && !isDone())
        {
            (cpu, mebibytes) = (process.TryCpuSeconds ?? cpu, process.TryHighestMebibytes ?? mebibytes);
            await MeasuredProcess.WaitAsync(0.01);
        }
        double seconds = TimeProvider.System.GetElapsedTime(start).TotalSeconds;
        process.Dispose();
        cleanUp();
        return new Figures(seconds, cpu, mebibytes);
    }

    /// <summary>Lines as sshd, PAM and cron write them while a host is being searched for weak passwords.</summary>
    /// <param name="path">The file.</param>
    /// <param name="lines">How many.</param>
    /// <param name="planted">What the first line says, where it is to be another.</param>
    public static void WriteLog(string path, int lines, string? planted = null)
    {
        var random = new Random(1);
        using var writer = new StreamWriter(path, append: false, new UTF8Encoding(false), 1 << 16);
        for (int i = 0; i < lines; i++)
            writer.Write(AuthLine(i, random, i == 0 ? planted : null) + "\n");
    }

    /// <summary>One of them.</summary>
    public static string AuthLine(int i, Random random, string? planted = null)
    {
        DateTime at = s_start.AddMilliseconds(i * 80L);
        string ip = $"203.0.{random.Next(256)}.{random.Next(256)}", user = $"user{random.Next(300)}";
        int port = random.Next(1024, 65535), pid = random.Next(1000, 99999);
        string text = planted ?? (i % 8) switch
        {
            0 => $"sshd[{pid}]: Failed password for invalid user {user} from {ip} port {port} ssh2",
            1 => $"sshd[{pid}]: Failed password for {user} from {ip} port {port} ssh2",
            2 => $"sshd[{pid}]: Invalid user {user} from {ip} port {port}",
            3 => $"sshd[{pid}]: pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost={ip}  user={user}",
            4 => $"sshd[{pid}]: Received disconnect from {ip} port {port}:11: Bye Bye [preauth]",
            5 => $"sshd[{pid}]: Connection closed by authenticating user {user} {ip} port {port} [preauth]",
            6 => $"CRON[{pid}]: pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)",
            _ => $"sshd[{pid}]: Accepted publickey for {user} from {ip} port {port} ssh2: RSA SHA256:abcdefghijklmnopqrstuvwxyz0123456789",
        };
        return string.Create(CultureInfo.InvariantCulture, $"{at:MMM} {at.Day,2} {at:HH:mm:ss} node-1 {text}");
    }

    /// <summary>What a run has taken.</summary>
    private sealed record Figures(double Seconds, double CpuSeconds, double Mebibytes);
}
