using System.Text;
using Metrics.Formats.Logs;
using Metrics.Model;

namespace Metrics.IntegrationTests;

/// <summary>Scanners that really run, on files of the test's own, and what is understood of all that they write.</summary>
public sealed class ScannerTests : IDisposable
{
    private const string Marker = "metricsd-test-marker";

    private readonly string _folder = Directory.CreateTempSubdirectory("scan").FullName;

    private string Tree => Path.Combine(_folder, "tree");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Clamscan_names_the_file_whatever_it_is_called()
    {
        string signatures = Write("test.ndb", $"Test.Marker-1:0:*:{Convert.ToHexStringLower(Encoding.ASCII.GetBytes(Marker))}\n");
        string[] infected = [WriteInTree("invoice: a.txt", Marker), WriteInTree("b: X FOUND", Marker), WriteInTree("ends OK", Marker)];
        WriteInTree("clean", "x");
        (int code, string output) = await Component.RunAsync("clamscan", "", "-r", "-d", signatures, Tree);
        code.Should().Be(1, output);
        List<LogRecord> records = Read(output);
        List<LogRecord> found = [.. records.Where(r => r.Kind == EventKinds.MalwareFound)];
        found.Select(r => r[EventFields.FilePath]).Should().BeEquivalentTo(infected);
        found.Should().OnlyContain(r => r[EventFields.RuleName] == "Test.Marker-1.UNOFFICIAL");
        records.Select(r => r[EventFields.SummaryFound]).Should().Contain("3");
        records.Should().OnlyContain(r => r[EventFields.Dataset] == "clamav");
        ShouldBeThrough(records, "clamav");
    }

    [Fact]
    public async Task Aide_names_what_was_added_removed_and_changed()
    {
        string database = Path.Combine(_folder, "db");
        string config = Write(
            "aide.conf", $"database_in=file:{database}\ndatabase_out=file:{database}\nreport_url=stdout\n{Tree} p+s+sha256\n");
        string changed = WriteInTree("changed: file", "one"), removed = WriteInTree("removed", "x");
        (int made, string making) = await Component.RunAsync("aide", "", "-c", config, "--init");
        made.Should().Be(0, making);
        string added = WriteInTree("added", "x");
        WriteInTree("changed: file", "two and more");
        File.Delete(removed);
        (int code, string output) = await Component.RunAsync("aide", "", "-c", config, "--check");
        code.Should().Be(7, output);
        List<LogRecord> records = Read(output);
        records.Where(r => r.Kind == EventKinds.IntegrityChanged && r.Has(EventFields.FilePath))
            .Select(r => (r[EventFields.Action], r[EventFields.FilePath]))
            .Should().BeEquivalentTo([("added", added), ("removed", removed), ("changed", changed)]);
        LogRecord summary = records.Should().ContainSingle(r => r.Has(EventFields.SummaryAdded)).Which;
        (summary[EventFields.SummaryAdded], summary[EventFields.SummaryRemoved], summary[EventFields.SummaryChanged])
            .Should().Be(("1", "1", "1"));
        byte[] hash = System.Security.Cryptography.SHA256.HashData(await File.ReadAllBytesAsync(changed));
        records.Should().Contain(r => r[EventFields.FilePath] == changed && r[EventFields.FileSha256] == Convert.ToHexStringLower(hash));
        records.Should().OnlyContain(r => r[EventFields.Dataset] == "aide");
        ShouldBeThrough(records, "aide");
        await Component.RunAsync("aide", "", "-c", config, "--init");
        (int same, output) = await Component.RunAsync("aide", "", "-c", config, "--check");
        same.Should().Be(0, output);
        ShouldBeThrough(Read(output), "aide");
    }

    [Fact]
    public async Task Tripwire_names_what_was_added_removed_and_changed()
    {
        const string Pass = "test-pass-1";
        string site = Path.Combine(_folder, "site.key"), local = Path.Combine(_folder, "local.key");
        string config = Path.Combine(_folder, "tw.cfg");
        string settings = Write(
            "cfg.txt",
            $"""
            ROOT=/usr/sbin
            POLFILE={_folder}/tw.pol
            DBFILE={_folder}/tw.twd
            REPORTFILE={_folder}/r.twr
            SITEKEYFILE={site}
            LOCALKEYFILE={local}
            EDITOR=/bin/cat
            SYSLOGREPORTING=false
            MAILMETHOD=SENDMAIL
            MAILPROGRAM=/bin/true

            """);
        string policy = Write("pol.txt", $"(rulename = \"Test\", severity = 100)\n{{\n  {Tree} -> $(IgnoreAll)+Ms;\n}}\n");
        string changed = WriteInTree("changed", "one"), removed = WriteInTree("removed file", "x");
        await Component.RunAsync("twadmin", "", "--generate-keys", "-S", site, "-L", local, "-Q", Pass, "-P", Pass);
        await Component.RunAsync("twadmin", "", "--create-cfgfile", "-c", config, "-S", site, "-Q", Pass, settings);
        await Component.RunAsync("twadmin", "", "--create-polfile", "-c", config, "-Q", Pass, policy);
        (int made, string making) = await Component.RunAsync("tripwire", "", "--init", "-c", config, "-P", Pass);
        made.Should().Be(0, making);
        string added = WriteInTree("added", "x");
        WriteInTree("changed", "two and more");
        File.Delete(removed);
        (_, string output) = await Component.RunAsync("tripwire", "", "--check", "-c", config);
        Read(output).Where(r => r.Kind == EventKinds.IntegrityChanged).Select(r => (r[EventFields.Action], r[EventFields.FilePath]))
            .Should().BeEquivalentTo([("added", added), ("removed", removed), ("changed", changed)], output);
        ShouldBeThrough(Read(output), "tripwire");
    }

    [Fact]
    public async Task Rkhunter_and_chkrootkit_are_read_whole()
    {
        string log = Path.Combine(_folder, "rkhunter.log");
        await Component.RunAsync("rkhunter", "", "--check", "--sk", "--nocolors", "--logfile", log, "--enable", "group_accounts");
        List<LogRecord> records = Read(await File.ReadAllTextAsync(log));
        records.Should().NotBeEmpty().And.OnlyContain(r => r[EventFields.Dataset] == "rkhunter");
        ShouldBeThrough(records, "rkhunter");
        (_, string output) = await Component.RunAsync("chkrootkit", "", "ls", "ps", "su", "OSX_RSPLUG");
        records = Read(output);
        records.Should().NotBeEmpty().And.OnlyContain(r => r[EventFields.Dataset] == "chkrootkit" && r.Kind == EventKinds.Log);
        ShouldBeThrough(records, "chkrootkit");
    }

    /// <summary>Whoever looks each day is missed by this: <c>DetectorDidNotLook</c>.</summary>
    private static void ShouldBeThrough(List<LogRecord> records, string detector) =>
        records.Where(r => r[EventFields.ScanState] == "finished").Should().ContainSingle()
            .Which[EventFields.ObserverName].Should().Be(detector);

    private static List<LogRecord> Read(string output)
    {
        long now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() * 1_000_000;
        var reader = new LogReader(LogFormats.All, new LogContext(TimeZoneInfo.Utc) { Now = now });
        var records = new List<LogRecord>();
        string[] lines = output.Split('\n');
        for (int at = 0; at < lines.Length;)
        {
            byte[] first = Encoding.UTF8.GetBytes(lines[at]);
            var record = new LogRecord();
            reader.Read(first, record);
            int end = at + 1;
            while (end < lines.Length && reader.JoinFor(first)?.Invoke(first, Encoding.UTF8.GetBytes(lines[end])) == true)
                end++;
            reader.Read(Encoding.UTF8.GetBytes(string.Join('\n', lines[at..end])), record);
            if (first.Length > 0)
                records.Add(record);
            at = end;
        }
        return records;
    }

    private string Write(string name, string text)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }

    private string WriteInTree(string name, string text)
    {
        Directory.CreateDirectory(Tree);
        return Write(Path.Combine("tree", name), text);
    }
}
