using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Metrics.Access;
using Metrics.Formats.EventJson;
using Metrics.Model;
using Metrics.Storage;
using Metrics.Telemetry;
using Metrics.Text;

namespace Metrics.Cli.Commands;

/// <summary><c>metricsd evidence export</c>: events of a time with what the ledger says of it, and a manifest with their hashes.</summary>
internal sealed class EvidenceExportCommand : DaemonCommand
{
    /// <summary>As many as the API gives at once.</summary>
    private const int PageSize = 10_000;

    private static readonly TimeSpan s_progress = TimeSpan.FromSeconds(5);

    private readonly Option<string> _out =
        new("--out") { HelpName = "FOLDER", Description = "Folder to make; one that is there is left alone.", Required = true };

    private readonly Option<string?> _from = new("--from")
    {
        HelpName = "TIME",
        Description = "Since when: 1d for a day ago, which is the default, or 2026-01-31T12:00:00Z.",
    };

    private readonly Option<string?> _to = new("--to") { HelpName = "TIME", Description = "Until when; now without it." };

    private readonly Option<string?> _about = new("--about")
    {
        HelpName = "FIELD=VALUE",
        Description = "Only what is known about a value, as metricsd events --about has it; all events without it.",
    };

    public EvidenceExportCommand(CommonOptions common)
        : base(common, "export", "Write the events of a time, what is missing of it, and a manifest with hashes.",
            Role.Viewer, TimeSpan.FromMinutes(5))
    {
        Add(_out);
        Add(_from);
        Add(_to);
        Add(_about);
        AddConnection();
        Example("metricsd evidence export --from 2026-01-31T12:00:00Z --to 2026-01-31T15:00:00Z --out case-7", "All of three hours.");
        Example("metricsd evidence export --from 6h --about user.name=alice --out alice", "What is known about alice.");
    }

    protected override async Task<int> RunAsync(Invocation call, CancellationToken cancel)
    {
        string? about = call.Value(_about) is { } text ? AboutText.Question(text) : null;
        using DaemonClient daemon = Connect(call);
        DataFolder.HideNewFiles();
        string path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(call.Value(_out)!));
        EvidenceFolder? folder = null;
        try
        {
            folder = new EvidenceFolder(path);
            await WriteAsync(call, daemon, folder, about, path, cancel);
            return ExitCode.Ok;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or OperationCanceledException)
        {
            throw new CommandException(ExitCode.No, $"there is no export: {e.Message}");
        }
        finally
        {
            folder?.Discard();
        }
    }

    private async Task WriteAsync(
        Invocation call, DaemonClient daemon, EvidenceFolder folder, string? about, string path, CancellationToken cancel)
    {
        string time = QueryOf(("from", call.Value(_from) ?? "1d"), ("to", call.Value(_to)));
        JsonElement ledger = DataOf(await daemon.GetAsync($"/api/v1/logs/ledger?{time}&limit={PageSize}", cancel), daemon);
        (string from, string to) = daemon.Read(ledger, l => (TextCell.Plain(l, "from"), TextCell.Plain(l, "to")));
        var cut = new List<string>();
        if (daemon.Read(ledger, l => l.GetProperty("more").GetInt32()) is var more and > 0)
            cut.Add(string.Create(CultureInfo.InvariantCulture, $"{more} rows of the ledger"));
        await folder.AddAsync("ledger.json", f => f.WriteLineAsync(ledger.GetRawText()));
        string range = QueryOf(("from", from), ("to", to));
        long events = 0;
        await folder.AddAsync(about is null ? "events.ndjson" : "about.ndjson", async file => events = about is null
            ? await WriteEventsAsync(call, daemon, range, file, cancel)
            : await WriteAboutAsync(daemon, $"{about}&{range}", file, cut, cancel));
        JsonElement seals = DataOf(await daemon.GetAsync("/api/v1/evidence/seals", cancel), daemon);
        await folder.AddAsync("seals.json", f => f.WriteLineAsync(seals.GetRawText()));
        var manifest = new EvidenceManifest(
            VersionText.Product, EventTime.Format(Timestamp.Of(TimeProvider.System.GetUtcNow()).ToNanoseconds()), daemon.Url, from, to,
            call.Value(_about), events, daemon.Read(ledger, l => l.GetProperty("complete").GetBoolean()), cut,
            daemon.Read(seals, s => s.GetProperty("seals").EnumerateArray().Select(one => TextCell.Plain(one, "head")).LastOrDefault()),
            folder.Files.ToArray());
        EvidenceFile written = await folder.FinishAsync(manifest);
        foreach (string missing in cut)
            call.Error.WriteLine($"metricsd: left out: {missing}");
        call.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{path}: {events} events from {from} to {to}"));
        call.Output.WriteLine(
            $"{written.Name}: SHA-256 {written.Sha256}; who keeps this elsewhere can show later that nothing was altered");
    }

    private static async Task<long> WriteEventsAsync(
        Invocation call, DaemonClient daemon, string range, TextWriter file, CancellationToken cancel)
    {
        (long count, long after, long said) = (0, 0, TimeProvider.System.GetTimestamp());
        while (true)
        {
            JsonElement page = DataOf(await daemon.GetAsync(string.Create(
                CultureInfo.InvariantCulture, $"/api/v1/events?order=oldest&limit={PageSize}&{range}&after={after}"), cancel), daemon);
            List<JsonElement> events = daemon.Read(page, p => p.GetProperty("events").EnumerateArray().ToList());
            foreach (JsonElement one in events)
                await file.WriteLineAsync(one.GetRawText().AsMemory(), cancel);
            count += events.Count;
            if (events.Count < PageSize)
                return count;
            after = daemon.Read(events[^1], e => e.GetProperty("id").GetInt64());
            if (TimeProvider.System.GetElapsedTime(said) < s_progress)
                continue;
            call.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"... {count} events so far"));
            said = TimeProvider.System.GetTimestamp();
        }
    }

    private static async Task<long> WriteAboutAsync(
        DaemonClient daemon, string question, TextWriter file, List<string> cut, CancellationToken cancel)
    {
        JsonElement about = DataOf(await daemon.GetAsync($"/api/v1/events/about?{question}&limit={PageSize}", cancel), daemon);
        List<JsonElement> events = daemon.Read(about, a => a.GetProperty("events").EnumerateArray().ToList());
        foreach (JsonElement one in events)
            await file.WriteLineAsync(one.GetRawText().AsMemory(), cancel);
        cut.AddRange(daemon.Read(about, a => a.GetProperty("cut").EnumerateArray().Select(c => PlainText.Line(c.GetString()!)).ToList()));
        cut.AddRange(daemon.Read(about, a => a.GetProperty("notFollowed").EnumerateArray()
            .Select(AboutText.NotFollowed).ToList()));
        return events.Count;
    }
}
