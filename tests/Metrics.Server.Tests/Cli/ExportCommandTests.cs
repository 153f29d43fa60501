using System.Text;
using Metrics.Api.Export;
using Metrics.Cli;

namespace Metrics.Tests.Cli;

/// <summary>Of what cannot be exported no file is left, and what was there stays.</summary>
public sealed class ExportCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("export").FullName;

    [Fact]
    public async Task The_name_of_the_file_says_its_form()
    {
        var asked = new List<string>();
        using var daemon = new LocalServer(async context =>
        {
            asked.Add(context.Request.Url!.Query);
            context.Response.Headers[ExportEndpoints.Count] = "2";
            await context.Response.OutputStream.WriteAsync("name,labels\n"u8.ToArray());
        });
        string file = Path.Combine(_folder, "a.CSV");
        CliRun run = await CliRun.Of("export", "--output", file, "--metric", "cpu_.*", "--url", daemon.Url.TrimEnd('/'));
        run.Should().Be(new CliRun(0, $"{file}: 2 samples of the running daemon, 12 bytes\n", ""));
        (await CliRun.Of("export", "--output", Path.Combine(_folder, "all"), "--url", daemon.Url.TrimEnd('/'))).Code.Should().Be(0);
        asked.Should().Equal("?metric=cpu_.%2A&format=csv", "?format=parquet");
        Directory.GetFiles(_folder).Should().HaveCount(2);
    }

    [Fact]
    public async Task An_answer_that_breaks_off_leaves_the_file_of_before()
    {
        using var daemon = new LocalServer(async context =>
        {
            context.Response.ContentLength64 = 1000;
            await context.Response.OutputStream.WriteAsync(Encoding.ASCII.GetBytes("half"));
            await context.Response.OutputStream.FlushAsync();
            context.Response.Abort();
        });
        string file = Path.Combine(_folder, "a.csv");
        await File.WriteAllTextAsync(file, "yesterday's");
        CliRun run = await CliRun.Of("export", "--output", file, "--url", daemon.Url.TrimEnd('/'));
        run.Code.Should().Be(ExitCode.Unreachable);
        run.Error.Should().StartWith("metricsd: the answer broke off, nothing is written: ").And.NotContain("   at ");
        (await File.ReadAllTextAsync(file)).Should().Be("yesterday's");
        Directory.GetFiles(_folder).Should().ContainSingle();
    }

    [Fact]
    public async Task Without_a_sample_there_is_no_file()
    {
        using var daemon = new LocalServer(context =>
        {
            context.Response.Headers[ExportEndpoints.Count] = "0";
            return Task.CompletedTask;
        });
        CliRun run = await CliRun.Of("export", "--output", Path.Combine(_folder, "a.csv"), "--url", daemon.Url.TrimEnd('/'));
        run.Should().Be(new CliRun(ExitCode.No, "", "metricsd: there is no such sample in that time; nothing is written\n"));
        Directory.GetFiles(_folder).Should().BeEmpty();
    }

    [Fact]
    public async Task What_is_no_regular_file_is_written_to_as_it_is()
    {
        string folder = Directory.CreateTempSubdirectory("export").FullName;
        (string file, string link) = (Path.Combine(folder, "real"), Path.Combine(folder, "link"));
        await File.WriteAllTextAsync(file, "before");
        File.CreateSymbolicLink(link, file);
        foreach (string path in new[] { "/dev/null", link })
        {
            var partial = new PartialFile(path);
            await partial.WriteAsync(async () =>
            {
                await File.WriteAllTextAsync(partial.Path, "after");
                return 0;
            });
        }
        new FileInfo(link).LinkTarget.Should().Be(file);
        (await File.ReadAllTextAsync(file)).Should().Be("after");
        (await File.ReadAllBytesAsync("/dev/null")).Should().BeEmpty("it is a device yet");
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Where_nothing_can_be_written_that_is_said_before_anybody_is_asked()
    {
        CliRun run = await CliRun.Of("export", "--output", "/nowhere/a.csv", "--url", "127.0.0.1:9");
        run.Code.Should().Be(ExitCode.No);
        run.Error.Should().StartWith("metricsd: /nowhere/a.csv cannot be written: ");
        (await CliRun.Of("export", "--output", _folder, "--url", "127.0.0.1:9")).Error.Should().Contain("a folder has that name");
    }

    [Fact]
    public async Task Without_a_daemon_and_without_a_store_none_is_made()
    {
        string config = Path.Combine(_folder, "m.yaml"), data = Path.Combine(_folder, "data");
        await File.WriteAllTextAsync(config, $"listen: '127.0.0.1:9'\nstorage: {{ path: '{data}' }}");
        CliRun run = await CliRun.Of("export", "--output", Path.Combine(_folder, "a.csv"), "--config", config);
        run.Code.Should().Be(ExitCode.Unreachable);
        run.Error.Should().Contain("no daemon answers at http://127.0.0.1:9").And.Contain($"no samples lie in {data}");
        Directory.Exists(data).Should().BeFalse();
    }

    public void Dispose() => Directory.Delete(_folder, true);
}
