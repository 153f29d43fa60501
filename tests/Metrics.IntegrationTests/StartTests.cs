namespace Metrics.IntegrationTests;

/// <summary>What keeps the daemon from starting is told in one clear message.</summary>
public sealed class StartTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("start").FullName;

    [Theory]
    [InlineData("host: [", "metrics.yaml:*broken YAML:*")]
    [InlineData("host: { enabled: true }\nhost: {}", "metrics.yaml:2:1: the key 'host' is given twice; it stands in line 1 already")]
    [InlineData("hosst: {}", "metrics.yaml:1:1: hosst is not a known key; did you mean 'host'?")]
    [InlineData("rules: { files: [nothing.yaml] }", "nothing.yaml: no rule file of this name is there")]
    public async Task A_wrong_configuration(string configuration, string message)
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "metrics.yaml"), configuration);
        (int code, string output) = await Daemon.RunAsync(_folder, "check");
        code.Should().Be(2);
        output.TrimEnd().Should().Match(message).And.NotContain("   at ");
    }

    [Fact]
    public async Task A_data_folder_that_cannot_be_made()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "data"), "a file in the way");
        (int code, string output) = await Daemon.RunAsync(_folder, "run");
        code.Should().Be(2);
        output.Trim().Split('\n').Should().ContainSingle().Which.Should().Contain("data").And.NotContain("   at ");
    }

    [Theory]
    [InlineData("data")]
    [InlineData("data/events.duckdb")]
    [InlineData("data/metrics.duckdb")]
    public async Task A_second_daemon_on_the_same_folder(string same)
    {
        await using Daemon first = await Daemon.StartAsync();
        using var content = new StringContent("{\"kind\":\"log\",\"body\":\"the first\"}\n");
        (await first.Http.PostAsync(first.Url("/api/v1/events"), content)).IsSuccessStatusCode.Should().BeTrue();
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(_folder, same))!);
        File.CreateSymbolicLink(Path.Combine(_folder, same), Path.Combine(first.Folder, same));
        (int code, string output) = await Daemon.RunAsync(_folder, "run");
        code.Should().Be(2);
        output.Should().Contain("in use by another process; only one metricsd can have a data folder");
    }

    [Fact]
    public async Task Rules_check_tells_line_and_column()
    {
        string file = Path.Combine(_folder, "r.yaml");
        await File.WriteAllTextAsync(file, "groups:\n  - name: g\n    rules:\n      - alert: A\n        expr: up{\n");
        (int code, string output) = await Daemon.RunAsync(_folder, "rules", "check", file);
        code.Should().Be(1);
        output.Should().Contain($"{file}:5:15: groups[0].rules[0].expr is not valid: 1:4: parse error:");
    }

    [Fact]
    public async Task A_full_disk_is_told_and_watching_goes_on()
    {
        await using SmallDisk disk = await SmallDisk.MountAsync(mebibytes: 6);
        await using Daemon daemon = await Daemon.StartAsync("host: { enabled: false }");
        await disk.MoveToAsync(daemon);
        (await daemon.PushAsync("before v=1")).IsSuccessStatusCode.Should().BeTrue();
        await disk.FillAsync();
        await Eventually.Async(
            async () => (int)(await daemon.PushAsync(Many())).StatusCode == 503, "a push that cannot be kept is refused");
        daemon.Log.Should().Contain("Writing to the DuckDB file").And.Contain("fails:");
        daemon.Log.Split('\n').Count(l => l.Contains("fails:", StringComparison.Ordinal)).Should().Be(1);
        disk.MakeRoom();
        await Eventually.Async(
            async () => (await daemon.PushAsync("after v=1")).IsSuccessStatusCode, "it works again once there is room");

        static string Many() => string.Concat(Enumerable.Range(0, 20_000).Select(i => $"many,i={Guid.NewGuid():N} v={i}\n"));
    }

    public void Dispose() => Directory.Delete(_folder, true);
}
