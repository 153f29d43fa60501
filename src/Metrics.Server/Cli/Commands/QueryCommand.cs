using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Metrics.Access;
using Metrics.Cli.Charts;
using Metrics.Configuration;
using Metrics.Model;
using Metrics.Query;

namespace Metrics.Cli.Commands;

/// <summary><c>metricsd query EXPR</c>: asks the running daemon in PromQL.</summary>
internal sealed class QueryCommand : DaemonCommand
{
    /// <summary>Metrics of an expression whose units are asked for, at most.</summary>
    private const int MostUnits = 4;

    private static readonly TimeSpan s_unitPatience = TimeSpan.FromSeconds(2);

    private readonly Argument<string> _expression = new("EXPR") { Description = "The expression, in quotes." };

    private readonly Option<string?> _at = new("--at")
    {
        HelpName = "TIME",
        Description = "When, or the end of the range: 5m for 5 minutes ago, 2026-01-31T12:00:00Z, or seconds since 1970; now without it.",
    };

    private readonly Option<TimeSpan?> _range = new("--range")
    {
        HelpName = "DURATION",
        Description = "Over how long, such as 1h; drawn as a chart in a terminal.",
        CustomParser = Values.Duration("15m or 2h"),
    };

    private readonly Option<TimeSpan?> _step = new("--step")
    {
        HelpName = "DURATION",
        Description = "Distance of two points of a range, such as 15s; without it that of two columns, else a 120th of the range.",
        CustomParser = Values.Duration("15s or 1m"),
    };

    private readonly Option<OutputForm?> _output = new("--output")
    {
        HelpName = "text|json|csv",
        Description = "Form of the output; without it a chart or text, with text never a chart.",
        CustomParser = Values.FormOrCsv,
    };

    private readonly Option<bool> _exact = new("--exact")
    {
        Description = "Numbers of text as they are, without units: 2.3e+10 for 23.0 GB.",
    };

    public QueryCommand(CommonOptions common)
        : base(common, "query", "Ask the running daemon in PromQL.", Role.Viewer, TimeSpan.FromMinutes(3))
    {
        Add(_expression);
        Add(_at);
        Add(_range);
        Add(_step);
        _output.CompletionSources.Clear();
        _output.CompletionSources.Add("text", "json", "csv");
        Add(_output);
        Add(_exact);
        AddConnection();
        Validators.Add(result =>
        {
            if (result.GetResult(_step) is not null && result.GetResult(_range) is null)
                result.AddError("--step means something only with --range");
            if (result.GetResult(_exact) is { Implicit: false } && result.GetValue(_output) is OutputForm.Json or OutputForm.Csv)
                result.AddError("--exact means something only for text: JSON and CSV have numbers as they are");
        });
        Example("metricsd query 'topk(5, node_load1)'", "The five highest loads.");
        Example("metricsd query 'sum by (mode) (rate(node_cpu_seconds_total[5m]))' --range 1h", "The last hour, with a chart.");
        Example("metricsd query node_memory_MemAvailable_bytes --at 5m", "What was free five minutes ago, such as 23.0 GB.");
        Example("metricsd query 'up == 0' --at 2026-01-31T12:00:00Z --output json", "What was down then, for a program.");
        Example("metricsd query node_load1 --range 1d --step 5m --output csv > load.csv", "A day, for a spreadsheet.");
    }

    protected override async Task<int> RunAsync(Invocation call, CancellationToken cancel)
    {
        string expression = call.Value(_expression);
        if (!PreparedQuery.TryParse(expression, out PreparedQuery? query, out QueryError? fault))
        {
            call.Error.WriteLine($"{fault}");
            return ExitCode.No;
        }
        var screen = Screen.Of(call.Output);
        Timestamp end = TimeOf(call.Value(_at), Timestamp.Of(TimeProvider.System.GetUtcNow()));
        QueryRange? range = call.Value(_range) is { } over ? QueryRange.Of(end, over, call.Value(_step), screen) : null;
        using DaemonClient daemon = Connect(call);
        JsonElement answer = await daemon.GetAsync(PathOf(expression, end, range), cancel);
        JsonElement data = DataOf(answer, daemon);
        switch (call.Value(_output))
        {
            case OutputForm.Json:
                JsonOutput.Write(call.Output, data);
                break;
            case OutputForm.Csv:
                daemon.Read(data, d => QueryCsv.Write(d, call.Output));
                break;
            case var form:
                bool needsUnits = daemon.Read(data, QueryText.HasNumbers) && !call.Value(_exact);
                var text = new QueryText(call.Output, needsUnits ? await UnitsAsync(query!, daemon, cancel) : _ => null);
                if (range is { } drawn && screen.IsTerminal && form is null)
                    daemon.Read(data, d => text.Draw(d, drawn, screen));
                else
                    daemon.Read(data, text.Write);
                break;
        }
        daemon.Read(answer, a => QueryText.WriteNotes(a, call.Error));
        return ExitCode.Ok;
    }

    private static string PathOf(string expression, Timestamp end, QueryRange? range)
    {
        string query = Uri.EscapeDataString(expression);
        return range is { } r
            ? string.Create(CultureInfo.InvariantCulture,
                $"/api/v1/query_range?query={query}&start={Seconds(r.Start)}&end={Seconds(r.End)}&step={r.Step.TotalSeconds}")
            : $"/api/v1/query?query={query}&time={Seconds(end)}";
    }

    private static string Seconds(Timestamp time) => (time.Milliseconds / 1000.0).ToString("F3", CultureInfo.InvariantCulture);

    /// <summary>Units by the names of metrics; where a name says none, by what the daemon knows of the metric.</summary>
    private static async Task<Func<Labels, ValueUnit?>> UnitsAsync(PreparedQuery query, DaemonClient daemon, CancellationToken cancel)
    {
        var declared = new Dictionary<string, ValueUnit>();
        foreach (string name in (query.MetricNames ?? []).Where(n => UnitReader.OfName(n) == ValueUnit.None).Take(MostUnits))
            declared[name] = await DeclaredAsync(name, daemon, cancel);
        ValueUnit OfMetric(string name) => declared.TryGetValue(name, out ValueUnit unit) ? unit : UnitReader.OfName(name);
        ValueUnit ofQuery = new UnitReader(OfMetric).Read(query.Root);
        return labels => ofQuery == ValueUnit.None && labels[Labels.MetricName] is { Length: > 0 } name ? OfMetric(name) : ofQuery;
    }

    private static async Task<ValueUnit> DeclaredAsync(string name, DaemonClient daemon, CancellationToken cancel)
    {
        using var patience = new CancellationTokenSource(s_unitPatience, TimeProvider.System);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancel);
        try
        {
            JsonElement answer = await daemon.GetAsync($"/api/v1/metadata?metric={Uri.EscapeDataString(name)}", either.Token);
            return daemon.Read(answer, a => a.GetProperty("data").TryGetProperty(name, out JsonElement known)
                ? UnitReader.OfWord(known[0].GetProperty("unit").GetString() ?? "")
                : ValueUnit.None);
        }
        catch (Exception e) when (e is CommandException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            // The numbers are there: their unit is a courtesy.
            return ValueUnit.None;
        }
    }

    private static Timestamp TimeOf(string? at, Timestamp now)
    {
        if (at is null)
            return now;
        if (double.TryParse(at, NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds) && Math.Abs(seconds) < 1e12)
            return new Timestamp((long)(seconds * 1000));
        if (Duration.TryParse(at, out TimeSpan ago))
            return now - ago;
        return DateTimeOffset.TryParse(at, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time)
            ? Timestamp.Of(time)
            : throw new CommandException(ExitCode.Misuse,
                $"--at is '{at}'; it must be 5m for five minutes ago, a time such as 2026-01-31T12:00:00Z, or seconds since 1970");
    }
}
