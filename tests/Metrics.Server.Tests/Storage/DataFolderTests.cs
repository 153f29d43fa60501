using System.Runtime.Versioning;
using Metrics.Storage;

namespace Metrics.Tests.Storage;

[UnsupportedOSPlatform("windows")]
public sealed class DataFolderTests : IDisposable
{
    private const UnixFileMode Open = (UnixFileMode)0b110_100_100;
    private const UnixFileMode OpenFolder = (UnixFileMode)0b111_101_101;

    private readonly string _folder = Directory.CreateTempSubdirectory("modes").FullName;

    [Fact]
    public void Files_that_others_can_read_are_tightened_with_a_warning_each()
    {
        Make("state.db");
        Make("spool/000000000001.spool");
        File.SetUnixFileMode(_folder, OpenFolder);
        DataFolder.Tighten(_folder).Should().HaveCount(4).And.AllSatisfy(w => w.Should().EndWith("could be read by others; now it cannot"));
        File.GetUnixFileMode(Path.Combine(_folder, "state.db")).Should().Be((UnixFileMode)0b110_000_000);
        File.GetUnixFileMode(Path.Combine(_folder, "spool")).Should().Be((UnixFileMode)0b111_000_000);
        File.GetUnixFileMode(_folder).Should().Be((UnixFileMode)0b111_000_000);
        DataFolder.Tighten(_folder).Should().BeEmpty();
    }

    [Fact]
    public void A_folder_with_files_of_others_stays_as_it_is_and_is_warned_about()
    {
        Make("state.db");
        Make("letter.txt");
        File.SetUnixFileMode(_folder, OpenFolder);
        DataFolder.Tighten(_folder)[^1].Should().EndWith("it holds more than our files, and stays as it is");
        File.GetUnixFileMode(_folder).Should().Be(OpenFolder);
        File.GetUnixFileMode(Path.Combine(_folder, "letter.txt")).Should().Be(Open);
    }

    public void Dispose() => Directory.Delete(_folder, true);

    private void Make(string name)
    {
        string path = Path.Combine(_folder, name);
        string folder = Path.GetDirectoryName(path)!;
        Directory.CreateDirectory(folder);
        // Set afterwards: other tests set the process's umask.
        File.SetUnixFileMode(folder, OpenFolder);
        File.WriteAllText(path, "");
        File.SetUnixFileMode(path, Open);
    }
}
