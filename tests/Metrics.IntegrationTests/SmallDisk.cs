namespace Metrics.IntegrationTests;

/// <summary>A real file system of a few MiB (tmpfs) for a daemon's data, to be filled up.</summary>
internal sealed class SmallDisk : IAsyncDisposable
{
    private readonly string _folder;

    private SmallDisk(string folder) => _folder = folder;

    /// <summary>Mounts one; skips the test where that is not allowed.</summary>
    public static async Task<SmallDisk> MountAsync(int mebibytes)
    {
        string folder = Directory.CreateTempSubdirectory("disk").FullName;
        (int mounted, string said) = await Component.RunAsync("mount", "", "-t", "tmpfs", "-o", $"size={mebibytes}m", "tmpfs", folder);
        if (mounted != 0)
            Directory.Delete(folder);
        Assert.SkipUnless(mounted == 0, $"no tmpfs can be mounted here: {said}");
        return new SmallDisk(folder);
    }

    /// <summary>Has a daemon begin anew with its data here.</summary>
    public async Task MoveToAsync(Daemon daemon)
    {
        daemon.Kill();
        Directory.Delete(Path.Combine(daemon.Folder, "data"), true);
        Directory.CreateSymbolicLink(Path.Combine(daemon.Folder, "data"), _folder);
        await daemon.StartAgainAsync();
    }

    /// <summary>Takes the room that is left, but for some.</summary>
    public async Task FillAsync(int leavingMebibytes = 0)
    {
        await using FileStream ballast = File.Open(BallastPath, FileMode.Append);
        byte[] block = new byte[4096];
        try
        {
            while (leavingMebibytes == 0 || new DriveInfo(_folder).AvailableFreeSpace > (long)leavingMebibytes << 20)
            {
                await ballast.WriteAsync(block);
                await ballast.FlushAsync();
            }
        }
        catch (IOException)
        {
            // Full.
        }
    }

    /// <summary>Gives that room back.</summary>
    public void MakeRoom() => File.Delete(BallastPath);

    public async ValueTask DisposeAsync()
    {
        await Component.RunAsync("umount", "", "-l", _folder);
        Directory.Delete(_folder);
    }

    private string BallastPath => Path.Combine(_folder, "ballast");
}
