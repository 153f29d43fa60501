using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Metrics.Access;
using Metrics.Configuration;
using Metrics.Query;

namespace Metrics.Cli.Commands;

/// <summary><c>metricsd query EXPR</c>: asks the running daemon in PromQL.</summary>
internal sealed class QueryCommand : DaemonCommand
{
    /// <summary>Points of a range when no step is asked for: about what a terminal is wide.</summary>
    private const int Points = 120;

    private readonly Argument<string> _expression = new("EXPR") { Description = "The expression, in quotes." };

    private readonly Option<string?> _at = new("--at")
    {
        HelpName = "TIME",
        Description = "When, or the end of the range: seconds since 1970 or 2026-01-31T12:00:00Z; now without it.",
    };

    private readonly Option<TimeSpan?> _range = new("--range")
    {
        HelpName = "DURATION",
        Description = "Over how long, such as 1h; draws a small chart of each series.",
        CustomParser = Values.Duration("15m or 2h"),
    };

    private readonly Option<TimeSpan?> _step = new("--step")
    {
        HelpName = "DURATION",
        Description = "Distance of two points of a range, such as 15s; without it a 120th of the range.",
        CustomParser = Values.Duration("15s or 1m"),
    };

    public QueryCommand(CommonOptions common)
        : base(common, "query", "Ask the running daemon in PromQL.", Role.Viewer, TimeSpan.FromMinutes(3))
    {
        Add(_expression);
        Add(_at);
        Add(_range);
        Add(_step);
        Add(common.Output);
        AddConnection();
        Validators.Add(result =>
        {
            if (result.GetResult(_step) is not null && result.GetResult(_range) is null)
                result.AddError("--step means something only with --range");
        });
        Example("metricsd query 'topk(5, node_load1)'", "The five highest loads.");
        Example("metricsd query 'sum by (mode) (rate(node_cpu_seconds_total[5m]))' --range 1h", "The last hour, with a chart.");
        Example("metricsd query 'up == 0' --at 2026-01-31T12:00:00Z --output json", "What was down then, for a program.");
    }

    protected override async Task<int> RunAsync(Invocation call, CancellationToken cancel)
    {
        string expression = call.Value(_expression);
        if (!PreparedQuery.TryParse(expression, out _, out QueryError? fault))
        {
            call.Error.WriteLine($"{fault}");
            return ExitCode.No;
        }
        string path = PathOf(expression, call, TimeProvider.System.GetUtcNow());
        using DaemonClient daemon = Connect(call);
        JsonElement answer = await daemon.GetAsync(path, cancel);
        JsonElement data = DataOf(answer, daemon);
        int width = Console.IsOutputRedirected ? 0 : Math.Clamp(Console.WindowWidth, 40, 200);
        if (call.WantsJson)
            JsonOutput.Write(call.Output, data);
        else
            daemon.Read(data, d => QueryText.Write(d, call.Output, width));
        daemon.Read(answer, a => QueryText.WriteNotes(a, call.Error));
        return ExitCode.Ok;
    }

    private string PathOf(string expression, Invocation call, DateTimeOffset now)
    {
        string query = Uri.EscapeDataString(expression);
        double end = call.Value(_at) is { } at ? SecondsOf(at) : now.ToUnixTimeMilliseconds() / 1000.0;
        if (call.Value(_range) is not { } range)
            return string.Create(CultureInfo.InvariantCulture, $"/api/v1/query?query={query}&time={end:F3}");
        double step = (call.Value(_step) ?? TimeSpan.FromSeconds(Math.Max(1, Math.Ceiling(range.TotalSeconds / Points)))).TotalSeconds;
        return string.Create(CultureInfo.InvariantCulture,
            $"/api/v1/query_range?query={query}&start={end - range.TotalSeconds:F3}&end={end:F3}&step={step}");
    }

    private static double SecondsOf(string at)
    {
        if (double.TryParse(at, NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds) && double.IsFinite(seconds))
            return seconds;
        return DateTimeOffset.TryParse(at, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time)
            ? time.ToUnixTimeMilliseconds() / 1000.0
            : throw new CommandException(ExitCode.Misuse,
                $"--at is '{at}'; it must be seconds since 1970 or a time such as 2026-01-31T12:00:00Z");
    }
}
