using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Metrics.Access;
using Metrics.Text;

namespace Metrics.Cli.Commands;

/// <summary><c>metricsd logs templates</c>: which kinds of lines the sources of logs write, as they were learned.</summary>
internal sealed class LogsTemplatesCommand : DaemonCommand
{
    private static readonly TextTable s_sources = new(["source", "kinds", "heard since", "no news until"], "kinds");
    private static readonly TextTable s_kinds = new(["count", "first", "last", "kind"], "count");

    private readonly Option<string?> _source =
        new("--source") { HelpName = "HOST/SERVICE", Description = "The kinds of one source, those that came last first." };

    public LogsTemplatesCommand(CommonOptions common)
        : base(common, "templates", "List the kinds of lines that sources of logs write.", Role.Viewer, TimeSpan.FromSeconds(30))
    {
        Add(_source);
        Add(common.Output);
        AddConnection();
        Example("metricsd logs templates", "The sources, how many kinds of lines each has, since when it is heard.");
        Example("metricsd logs templates --source ctl-1/nova-compute", "The kinds of one: how often, first, last, and what they say.");
    }

    protected override async Task<int> RunAsync(Invocation call, CancellationToken cancel)
    {
        string? source = call.Value(_source);
        using DaemonClient daemon = Connect(call);
        JsonElement data = DataOf(await daemon.GetAsync($"/api/v1/logs/templates?{QueryOf(("source", source))}", cancel), daemon);
        Func<JsonElement, string[]> rowOf = source is null ? Source : Kind;
        List<string[]> rows = daemon.Read(data, d => d.EnumerateArray().Select(rowOf).ToList());
        if (source is not null && rows.Count == 0)
        {
            throw new CommandException(
                ExitCode.No, $"no kind of line is known of '{source}'; 'metricsd logs templates' lists the sources, as HOST/SERVICE");
        }
        if (call.WantsJson)
            JsonOutput.Write(call.Output, data);
        else
            (source is null ? s_sources : s_kinds).Write(rows, call.Output);
        return ExitCode.Ok;
    }

    private static string[] Source(JsonElement source) =>
    [
        TextCell.TextOrEmpty(source, "source"), Number(source, "templates"), TextCell.TextOrEmpty(source, "since"),
        TextCell.TextOrEmpty(source, "fullUntil"),
    ];

    private static string[] Kind(JsonElement kind) =>
    [
        Number(kind, "count"), TextCell.TextOrEmpty(kind, "first"), TextCell.TextOrEmpty(kind, "last"),
        TextCell.TextOrEmpty(kind, "template"),
    ];

    private static string Number(JsonElement of, string name) =>
        of.GetProperty(name).GetInt64().ToString("#,0", CultureInfo.InvariantCulture);
}
