using System.Text;
using Metrics.Cli;

namespace Metrics.Tests.Cli;

public sealed class BackupCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("backup").FullName;

    [Fact]
    public async Task What_is_no_backup_is_told_in_a_line_and_leaves_nothing()
    {
        using var daemon = new LocalServer(async context =>
            await context.Response.OutputStream.WriteAsync(Encoding.ASCII.GetBytes(new string('x', 4096))));
        string target = Path.Combine(_folder, "copy");
        CliRun run = await CliRun.Of("backup", target, "--url", daemon.Url.TrimEnd('/'));
        run.Code.Should().Be(ExitCode.No);
        run.Error.Should().Contain("there is no backup").And.NotContain("   at ");
        Directory.GetFileSystemEntries(_folder).Should().BeEmpty();
    }

    public void Dispose() => Directory.Delete(_folder, true);
}
