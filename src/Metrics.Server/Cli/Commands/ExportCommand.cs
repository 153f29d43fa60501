using System.CommandLine;
using System.Globalization;
using Metrics.Access;
using Metrics.Configuration;
using Metrics.Hosting;
using Metrics.Storage.Samples.DuckDb;
using Microsoft.Extensions.Logging.Abstractions;

namespace Metrics.Cli.Commands;

/// <summary><c>metricsd export</c>: the running daemon's samples as Parquet, without one those of the store's file.</summary>
internal sealed class ExportCommand : DaemonCommand
{
    /// <summary>Here it names a file, as it always has, not a form.</summary>
    private readonly Option<string> _output = new("--output") { HelpName = "FILE", Description = "File to write.", Required = true };

    private readonly Option<string?> _from = new("--from")
    {
        HelpName = "TIME",
        Description = "Since when: 7d for seven days ago, 2026-01-31, or 2026-01-31T12:00:00Z; 1d without it.",
    };

    private readonly Option<string?> _to = new("--to") { HelpName = "TIME", Description = "Until when; now without it." };

    private readonly Option<string?> _metric = new("--metric") { HelpName = "NAME", Description = "Only this metric." };

    public ExportCommand(CommonOptions common)
        : base(common, "export", "Write stored samples as Parquet, for analysis.", Role.Viewer, TimeSpan.FromMinutes(5))
    {
        Add(_output);
        Add(_from);
        Add(_to);
        Add(_metric);
        AddConnection();
        Example("metricsd export --output week.parquet --from 7d", "The last week.");
        Example("metricsd export --output load.parquet --from 2026-01-01 --to 2026-02-01 --metric node_load1", "One metric in January.");
    }

    protected override async Task<int> RunAsync(Invocation call, CancellationToken cancel)
    {
        string file = Path.GetFullPath(call.Value(_output)!);
        (string? from, string? to, string? metric) = (call.Value(_from), call.Value(_to), call.Value(_metric));
        if (!ExportRange.TryParse(from, to, TimeProvider.System.GetUtcNow(), out ExportRange range, out string? error))
            throw new CommandException(ExitCode.Misuse, error!);
        MetricsOptions options = call.Source.Load();
        string query = QueryOf(("from", from), ("to", to), ("metric", metric));
        using DaemonClient daemon = Connect(call, options);
        HttpResponseMessage answer;
        try
        {
            answer = await daemon.StreamAsync($"/export?{query}", cancel);
        }
        catch (CommandException e) when (e.ExitCode == ExitCode.Unreachable && !call.NamesDaemon)
        {
            // No daemon holds the file.
            await FromStoreAsync(call, options, file, range, metric, cancel);
            return ExitCode.Ok;
        }
        using (answer)
            await WriteAsync(call, answer, file, cancel);
        return ExitCode.Ok;
    }

    private static async Task WriteAsync(Invocation call, HttpResponseMessage answer, string file, CancellationToken cancel)
    {
        try
        {
            await using FileStream written = File.Create(file);
            await answer.Content.CopyToAsync(written, cancel);
            call.Output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{file}: {written.Length} bytes, written by the running daemon"));
        }
        catch (HttpRequestException e)
        {
            throw new CommandException(ExitCode.Unreachable, $"the answer broke off, {file} is not whole: {e.Message}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCode.No, $"{file} cannot be written: {e.Message}");
        }
    }

    private static async Task FromStoreAsync(
        Invocation call, MetricsOptions options, string file, ExportRange range, string? metric, CancellationToken cancel)
    {
        await using var store = new DuckDbStore(options.Storage, TimeProvider.System, NullLogger<DuckDbStore>.Instance);
        await store.OpenAsync(cancel);
        long rows = store.ExportParquet(file, range.From, range.To, metric, cancel);
        call.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{file}: {rows} samples"));
    }
}
