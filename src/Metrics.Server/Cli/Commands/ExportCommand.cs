using System.CommandLine;
using System.Globalization;
using Metrics.Access;
using Metrics.Api.Export;
using Metrics.Configuration;
using Metrics.Hosting;
using Metrics.Storage;
using Metrics.Storage.Samples.DuckDb;
using Microsoft.Extensions.Logging.Abstractions;

namespace Metrics.Cli.Commands;

/// <summary><c>metricsd export</c>: the running daemon's samples as a file, without one those of the store's file.</summary>
internal sealed class ExportCommand : DaemonCommand
{
    /// <summary>Here it names a file, as it always has, not a form.</summary>
    private readonly Option<string> _output = new("--output")
    {
        HelpName = "FILE",
        Description = "File to write: CSV where its name ends in .csv, Parquet where it ends in .parquet or has no ending.",
        Required = true,
    };

    private readonly Option<string?> _from = new("--from")
    {
        HelpName = "TIME",
        Description = "Since when: 7d for seven days ago, 2026-01-31, or 2026-01-31T12:00:00Z; 1d without it.",
    };

    private readonly Option<string?> _to = new("--to") { HelpName = "TIME", Description = "Until when; now without it." };

    private readonly Option<string?> _metric = new("--metric")
    {
        HelpName = "REGEX",
        Description = "Only metrics whose whole name matches: node_load1, or 'node_cpu_.*|node_load.*'.",
    };

    public ExportCommand(CommonOptions common)
        : base(common, "export", "Write stored samples as Parquet or CSV, for analysis.", Role.Admin, TimeSpan.FromMinutes(5))
    {
        Add(_output);
        Add(_from);
        Add(_to);
        Add(_metric);
        AddConnection();
        Example("metricsd export --output week.parquet --from 7d", "The last week.");
        Example("metricsd export --output load.parquet --from 2026-01-01 --to 2026-02-01 --metric node_load1", "One metric in January.");
        Example("metricsd export --output cpu.csv --metric 'node_(cpu|load).*'", "Some metrics of the last day, as text.");
    }

    protected override async Task<int> RunAsync(Invocation call, CancellationToken cancel)
    {
        string file = Path.GetFullPath(call.Value(_output)!);
        if (!ExportForms.TryOfFile(file, out ExportForm form))
            throw new CommandException(ExitCode.Misuse,
                $"--output is '{call.Value(_output)}'; it must end in .parquet or .csv, or have no ending, which is Parquet");
        (string? from, string? to, string? metric) = (call.Value(_from), call.Value(_to), call.Value(_metric));
        if (ExportOrder.Read(form, from, to, metric, TimeProvider.System.GetUtcNow(), out string? error) is not { } order)
            throw new CommandException(ExitCode.Misuse, error!);
        MetricsOptions options = call.Source.Load();
        string query = QueryOf(("from", from), ("to", to), ("metric", metric), ("format", form.Name()));
        using DaemonClient daemon = Connect(call, options);
        using var interruption = new Interruption(cancel);
        var partial = new PartialFile(file);
        try
        {
            string written = await partial.WriteAsync(async () =>
                await FromDaemonAsync(call, options, daemon, query, partial.Path, interruption.Token)
                    ?? await FromStoreAsync(options.Storage, partial.Path, order, interruption.Token));
            call.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{file}: {written}, {new FileInfo(file).Length} bytes"));
            return ExitCode.Ok;
        }
        catch (OperationCanceledException) when (interruption.Token.IsCancellationRequested)
        {
            throw new CommandException(ExitCode.No, $"interrupted; {file} is not written");
        }
    }

    /// <returns>What was written; null where no daemon runs that could hold the store.</returns>
    private static async Task<string?> FromDaemonAsync(
        Invocation call, MetricsOptions options, DaemonClient daemon, string query, string file, CancellationToken cancel)
    {
        HttpResponseMessage answer;
        try
        {
            answer = await daemon.StreamAsync($"/export?{query}", cancel);
        }
        catch (CommandException e) when (e.ExitCode == ExitCode.Unreachable && !call.NamesDaemon)
        {
            bool isHere = options.Storage.Influx is null && File.Exists(Path.Combine(options.Storage.Path, DuckDbStore.FileName));
            return isHere ? null : throw new CommandException(e.ExitCode, $"{e.Message}; and no samples lie in {options.Storage.Path}");
        }
        using (answer)
        {
            try
            {
                await using FileStream to = File.Create(file);
                await answer.Content.CopyToAsync(to, cancel);
            }
            catch (HttpRequestException e)
            {
                throw new CommandException(ExitCode.Unreachable, $"the answer broke off, nothing is written: {e.Message}");
            }
            // An older daemon does not count.
            return answer.Headers.TryGetValues(ExportEndpoints.Count, out IEnumerable<string>? counts)
                ? $"{Counted(long.Parse(counts.First(), CultureInfo.InvariantCulture))} of the running daemon"
                : "written by the running daemon";
        }
    }

    private static async Task<string> FromStoreAsync(
        StorageOptions options, string file, ExportOrder order, CancellationToken cancel)
    {
        await using var store = new DuckDbStore(options, TimeProvider.System, NullLogger<DuckDbStore>.Instance);
        await store.OpenAsync(cancel);
        try
        {
            return Counted(await Task.Run(() => store.Export(file, order, cancel), cancel));
        }
        catch (StoreException e)
        {
            throw new CommandException(ExitCode.No, e.Message);
        }
    }

    private static string Counted(long samples) => samples > 0
        ? string.Create(CultureInfo.InvariantCulture, $"{samples} samples")
        : throw new CommandException(ExitCode.No, "there is no such sample in that time; nothing is written");
}
