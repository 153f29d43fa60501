namespace Metrics.IntegrationTests;

/// <summary>A real rsyslogd that follows a file and forwards each line of it.</summary>
internal sealed class Rsyslogd : IDisposable
{
    private readonly string _folder;
    private readonly Component _process;
    private int _written;

    private Rsyslogd(string folder, Component process) => (_folder, _process) = (folder, process);

    /// <summary>Starts it.</summary>
    /// <param name="actions">Its <c>action(…)</c> lines.</param>
    /// <param name="global">Parameters of <c>global(…)</c>.</param>
    public static async Task<Rsyslogd> StartAsync(string actions, string global = "")
    {
        Component.Need("rsyslogd");
        string folder = Directory.CreateTempSubdirectory("rsyslog").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "lines"), "");
        await File.WriteAllTextAsync(Path.Combine(folder, "rsyslog.conf"), $$"""
            global(workDirectory="{{folder}}" {{global}})
            module(load="imfile" mode="inotify")
            input(type="imfile" File="{{folder}}/lines" Tag="numbers:" Severity="warning" Facility="local3" persistStateInterval="1000")
            if $syslogtag startswith "rsyslogd" then {
              action(type="omfile" file="{{folder}}/messages")
              stop
            }
            {{actions}}
            """);
        return new Rsyslogd(folder, Run(folder));
    }

    /// <summary>Of its process.</summary>
    public int Id => _process.Id;

    /// <summary>Lines that were appended so far.</summary>
    public int Written => Volatile.Read(ref _written);

    /// <summary>Appends lines to the file that it follows.</summary>
    public async Task WriteAsync(IReadOnlyCollection<string> lines)
    {
        await File.AppendAllLinesAsync(Path.Combine(_folder, "lines"), lines);
        Interlocked.Add(ref _written, lines.Count);
    }

    /// <summary>What it says of itself.</summary>
    public string Log =>
        string.Concat(
        new[] { "rsyslogd.log", "messages" }.Select(f => Path.Combine(_folder, f)).Where(File.Exists).Select(File.ReadAllText));

    /// <summary>Ends it, and leaves its files.</summary>
    public void Stop() => _process.Dispose();

    public void Dispose()
    {
        _process.Dispose();
        Directory.Delete(_folder, true);
    }

    private static Component Run(string folder) =>
        Component.Start(folder, "/usr/sbin/rsyslogd", "-n", "-f", $"{folder}/rsyslog.conf", "-i", $"{folder}/pid");
}
