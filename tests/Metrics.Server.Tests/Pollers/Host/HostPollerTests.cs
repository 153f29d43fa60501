using Metrics.Formats;
using Metrics.Model;
using Metrics.Pollers;
using Metrics.Pollers.Host;

namespace Metrics.Tests.Pollers.Host;

/// <summary>Each poller over a small /proc and /sys written down in <c>testdata/NAME.tree</c>, against <c>NAME.expected</c>.</summary>
public sealed class HostPollerTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("host").FullName;

    public static TheoryData<string> Trees() =>
        [.. Directory.GetFiles(Cases.Own(""), "*.tree").Select(f => Path.GetFileNameWithoutExtension(f))];

    [Theory]
    [MemberData(nameof(Trees))]
    public async Task Gives_what_the_tree_says(string name)
    {
        BuildTree(File.ReadAllText(Cases.Own($"{name}.tree")));
        var files = new HostFiles(Path.Combine(_root, "proc"), Path.Combine(_root, "sys"), _root);
        IPoller poller = PollerCatalog.Host.Single(p => p.Name == name).Create(files, TimeProvider.System);
        using var batch = new SampleBatch("t");
        var series = new TargetSeries([]);
        series.Begin();
        await poller.PollAsync(new SampleSink(series, batch, 0), default);
        string actual =
            string.Concat(
                Enumerable.Range(0, batch.Count)
                .Select(i =>
                $"{batch.Series[i].ToString().Replace(_root, "", StringComparison.Ordinal)} {FloatText.Format(batch.Values[i])}\n"));
        string expected = Cases.Own($"{name}.expected");
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
            File.WriteAllText(expected, actual);
        actual.Should().Be(File.ReadAllText(expected));
    }

    [Fact]
    public async Task On_a_machine_with_nothing_no_poller_does_more_than_fail_alone()
    {
        var files = new HostFiles(Path.Combine(_root, "proc"), Path.Combine(_root, "sys"), _root);
        var pollers = PollerCatalog.Host.Select(p => (p.Name, p.Create(files, TimeProvider.System))).ToList();
        var host = new HostPoller(pollers, TimeProvider.System);
        using var batch = new SampleBatch("t");
        var series = new TargetSeries([]);
        series.Begin();
        await host.PollAsync(new SampleSink(series, batch, 0), default);
        batch.Series.ToArray().Count(s => s.Name == "node_scrape_collector_success").Should().Be(pollers.Count);
        host.Errors.Should().ContainKey("meminfo").And.NotContainKey("hwmon");
    }

    [Fact]
    public void Units_of_systemd_are_read_from_its_own_listing()
    {
        using var batch = new SampleBatch("t");
        var series = new TargetSeries([]);
        series.Begin();
        SystemdPoller.Report(new SampleSink(series, batch, 0), """
            ssh.service        loaded active   running OpenBSD Secure Shell server
            nginx.service      loaded failed   failed  A high performance web server
            apt-daily.timer    loaded active   waiting Daily apt download activities
            gone.service       not-found inactive dead gone.service
            dev-sda.device     loaded active   plugged Disk
            """);
        string[] on = [.. Enumerable.Range(0, batch.Count).Where(i => batch.Values[i] > 0).Select(i => batch.Series[i].ToString())];
        on.Should().Contain("node_systemd_unit_state{name=\"nginx.service\", state=\"failed\", type=\"service\"}")
            .And.Contain("node_systemd_unit_state{name=\"ssh.service\", state=\"active\", type=\"service\"}")
            .And.NotContain(s => s.Contains("gone") || s.Contains("dev-sda"));
    }

    public void Dispose() => Directory.Delete(_root, true);

    /// <summary>A tree is written as <c>== path</c> lines, each followed by the file's content; <c>-> path</c> makes a link.</summary>
    private void BuildTree(string text)
    {
        foreach (string part in ("\n" + text).Split("\n== ").Skip(1))
        {
            string[] head = part.Split('\n', 2);
            string[] link = head[0].Split(" -> ");
            string path = Path.Combine(_root, link[0]);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            if (link.Length == 2)
                File.CreateSymbolicLink(path, Path.Combine(_root, link[1]));
            else if (link[0].EndsWith('/'))
                Directory.CreateDirectory(path);
            else
                File.WriteAllText(path, head.Length > 1 ? head[1] + "\n" : "");
        }
    }
}
