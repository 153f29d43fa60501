using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Metrics.Access;
using Metrics.Storage;

namespace Metrics.Cli.Commands;

/// <summary><c>metricsd backup FOLDER</c>: a copy of the running daemon's data folder, by its API.</summary>
internal sealed class BackupCommand : DaemonCommand
{
    private static readonly TimeSpan s_progress = TimeSpan.FromSeconds(5);

    private readonly Argument<string> _folder = new("FOLDER") { Description = "Folder to make; one that is there is left alone." };

    public BackupCommand(CommonOptions common)
        : base(common, "backup", "Copy the running daemon's data, whole and consistent.", Role.Admin, TimeSpan.FromMinutes(1))
    {
        Add(_folder);
        AddConnection();
        Example("metricsd backup /backup/metricsd-$(date +%F)", "Once a day. To restore, make it the data folder; see docs/operations.md.");
    }

    protected override async Task<int> RunAsync(Invocation call, CancellationToken cancel)
    {
        string path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(call.Value(_folder)));
        var folder = new BackupFolder(path);
        folder.MustBeNew();
        DataFolder.HideNewFiles();
        using DaemonClient daemon = Connect(call);
        using HttpResponseMessage answer = await daemon.StreamAsync("/api/v1/backup", cancel);
        try
        {
            await using Stream tar = await answer.Content.ReadAsStreamAsync(cancel);
            Task filling = folder.FillAsync(tar, Backup.Manifest, (name, bytes) => Say(call.Output, name, bytes), cancel);
            while (await Task.WhenAny(filling, Task.Delay(s_progress, TimeProvider.System, cancel)) != filling)
                Say(call.Error, $"... {folder.Doing}, so far", folder.Bytes);
            await filling;
        }
        catch (Exception e) when (e is IOException or HttpRequestException or UnauthorizedAccessException or OperationCanceledException
            or InvalidDataException)
        {
            folder.Discard();
            throw new CommandException(ExitCode.No, $"there is no backup: {e.Message}");
        }
        Say(call.Output, path, folder.Bytes);
        foreach (string missing in daemon.Read(daemon.Parse(File.ReadAllBytes(Path.Combine(path, Backup.Manifest))), Elsewhere))
            call.Output.WriteLine($"not in it: {missing}");
        return ExitCode.Ok;
    }

    private static void Say(TextWriter to, string what, long bytes) =>
        to.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what}: {bytes} bytes"));

    private static IEnumerable<string> Elsewhere(JsonElement manifest) =>
        [.. manifest.GetProperty("elsewhere").EnumerateArray().Select(e => e.GetString()!)];
}
