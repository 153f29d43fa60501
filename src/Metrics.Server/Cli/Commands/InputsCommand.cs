using System.Globalization;
using System.Text.Json;
using Metrics.Access;

namespace Metrics.Cli.Commands;

/// <summary><c>metricsd inputs</c>: how the inputs of the running daemon fare.</summary>
internal sealed class InputsCommand : DaemonCommand
{
    private static readonly string[] s_heads = ["input", "state", "events", "bytes", "dropped", "errors", "last event"];

    public InputsCommand(CommonOptions common)
        : base(common, "inputs", "List the inputs: their state, what came in, what was dropped, and what is wrong.",
            Role.Viewer, TimeSpan.FromSeconds(30))
    {
        Add(common.Output);
        AddConnection();
        Example("metricsd inputs", "A line an input; below it its last error.");
        Example("metricsd inputs --output json", "For a program, with drops and errors by reason.");
    }

    protected override Task<int> RunAsync(Invocation call, CancellationToken cancel) =>
        ShowAsync(call, "/api/v1/inputs", (inputs, to) => Write([.. inputs.EnumerateArray()], to), cancel);

    private static void Write(List<JsonElement> inputs, TextWriter to)
    {
        List<string[]> rows = [s_heads, .. inputs.Select(Row)];
        int[] widths = [.. Enumerable.Range(0, s_heads.Length).Select(c => rows.Max(r => r[c].Length))];
        for (int row = 0; row < rows.Count; row++)
        {
            to.WriteLine(string.Join("  ", rows[row].Select((cell, c) => cell.PadRight(widths[c]))).TrimEnd());
            if (row > 0)
                WriteProblems(inputs[row - 1], to);
        }
    }

    private static string[] Row(JsonElement input) =>
    [
        TextCell.Plain(input, "name"), TextCell.Plain(input, "state"), Number(input.GetProperty("events").GetInt64()),
        Number(input.GetProperty("bytes").GetInt64()), Number(Sum(input, "dropped") + input.GetProperty("kernelDrops").GetInt64()),
        Number(Sum(input, "errors")), TextCell.Plain(input, "lastEvent") is { Length: > 0 } last ? last : "-",
    ];

    private static void WriteProblems(JsonElement input, TextWriter to)
    {
        if (TextCell.Plain(input, "lastError") is { Length: > 0 } error)
            to.WriteLine($"  last error {TextCell.Plain(input, "lastErrorAt")}: {error}");
        if (TextCell.Plain(input, "lastProblem") is { Length: > 0 } problem)
            to.WriteLine($"  last problem of what came in: {problem}");
    }

    /// <summary>Counts are told apart by reason; a line has room for their sum.</summary>
    private static long Sum(JsonElement input, string counts) => input.GetProperty(counts).EnumerateObject().Sum(c => c.Value.GetInt64());

    private static string Number(long number) => number.ToString("#,0", CultureInfo.InvariantCulture);
}
