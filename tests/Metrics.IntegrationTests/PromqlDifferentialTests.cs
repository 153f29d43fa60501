using System.Globalization;
using System.Text.Json;
using Metrics.Formats;
using Metrics.Model;
using Metrics.Query;
using Metrics.Query.Engine;
using Metrics.Query.Syntax;

namespace Metrics.IntegrationTests;

/// <summary>The same series in a real Prometheus and in us, asked the same questions.</summary>
public sealed class PromqlDifferentialTests(ITestOutputHelper output)
{
    private const int Queries = 4000;
    private const double Tolerance = 1e-12;
    private const int Repeats = 20;

    [Fact]
    public async Task Prometheus_gives_the_same_for_thousands_of_queries()
    {
        string folder = Directory.CreateTempSubdirectory("differential").FullName;
        QueryData data = QueryData.Make();
        await File.WriteAllTextAsync(Path.Combine(folder, "data.om"), data.OpenMetrics);
        (int code, string said) =
            await Component.RunAsync("promtool", "", "tsdb", "create-blocks-from", "openmetrics", "-q", Path.Combine(folder, "data.om"),
                Path.Combine(folder, "data"));
        code.Should().Be(0, said);
        await File.WriteAllTextAsync(Path.Combine(folder, "p.yml"), "global: {}\n");
        int port = Daemon.FreePort();
        using Component prometheus =
            Component.Start(
                folder, "prometheus", "--config.file=p.yml", $"--storage.tsdb.path={folder}/data", "--storage.tsdb.retention.time=100y",
                $"--web.listen-address=127.0.0.1:{port}");
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}/") };
        await Eventually.Async(
            async () => (await http.GetAsync(new Uri("-/ready", UriKind.Relative))).IsSuccessStatusCode, "Prometheus is ready");

        var engine = new QueryEngine();
        var maker = new QueryMaker(42);
        var different = new List<string>();
        (int same, int bothRefuse, int empty, int unsure) = (0, 0, 0, 0);
        for (int i = 0; i < Queries; i++)
        {
            string text = maker.Next(i);
            bool range = i % 2 == 1;
            long at = QueryData.Start + 3613 + (i % 40 * 60);
            string path = range
                ? $"api/v1/query_range?start={at - 600}&end={at}&step=60&query={Uri.EscapeDataString(text)}"
                : $"api/v1/query?time={at}&query={Uri.EscapeDataString(text)}";
            using JsonDocument theirs = JsonDocument.Parse(await http.ReadAnyAsync(path));
            (QueryResult? ours, string? refusal) = Evaluate(engine, data, text, range, at * 1000);
            bool theyRefuse = theirs.RootElement.GetProperty("status").GetString() == "error";
            if (theyRefuse || refusal is not null)
            {
                bothRefuse += theyRefuse && refusal is not null ? 1 : 0;
                if (theyRefuse != refusal is not null)
                    different.Add($"{text}  [{(range ? "range" : "instant")}]\n    they: "
                        + $"{(theyRefuse ? theirs.RootElement.GetProperty("error").GetString() : "answer")}\n    we:   "
                        + $"{refusal ?? "answer"}");
                continue;
            }
            string? difference =
                Compare(theirs.RootElement.GetProperty("data"), ours!, EvaluationSteps.At(at * 1000), ordered: !range && IsOrdered(text));
            // Prometheus sums in the order of a hash table: where a sum is compared with what it nearly equals, it contradicts itself from
            // one time to the next.
            for (int again = 0; again < Repeats && difference is not null; again++)
            {
                using JsonDocument repeated = JsonDocument.Parse(await http.ReadAnyAsync(path));
                difference = Compare(
                    repeated.RootElement.GetProperty("data"), ours!, EvaluationSteps.At(at * 1000), ordered: !range && IsOrdered(text));
                unsure += difference is null ? 1 : 0;
            }
            if (difference is not null)
                different.Add($"{text}  [{(range ? "range" : "instant")} at {at}]\n    {difference}");
            else
                same++;
            if (ours!.Vector.Count + ours.Matrix.Count == 0)
                empty++;
        }
        output.WriteLine($"{Queries} queries: {same} equal ({empty} of them empty, {unsure} on another try of Prometheus), {bothRefuse} "
            + $"refused by both, {different.Count} different");
        different.Take(25).Should().BeEmpty();
        (same - empty).Should().BeGreaterThan(2000, "queries that give nothing prove little");
    }

    private static bool IsOrdered(string text) =>
        text.StartsWith("sort", StringComparison.Ordinal)
            || text.StartsWith("topk(", StringComparison.Ordinal)
            || text.StartsWith("bottomk(", StringComparison.Ordinal);

    private static (QueryResult? Result, string? Refusal) Evaluate(QueryEngine engine, QueryData data, string text, bool range, long at)
    {
        if (!PreparedQuery.TryParse(text, out PreparedQuery? query, out QueryError? error))
            return (null, error!.ToString());
        try
        {
            return (range
                ? engine.Range(query!, data.Series, EvaluationSteps.Between(at - 600_000, at, 60_000))
                : engine.Instant(query!, data.Series, at), null);
        }
        catch (QueryException e)
        {
            return (null, e.Message);
        }
    }

    private static string? Compare(JsonElement theirs, QueryResult ours, EvaluationSteps at, bool ordered)
    {
        JsonElement result = theirs.GetProperty("result");
        switch (theirs.GetProperty("resultType").GetString())
        {
            case "scalar":
                return ours.Type == ExprType.Scalar && Same(Number(result[1]), ours.Vector[0].Sample.Value)
                    ? null
                    : $"they {result[1]}, we {ours.Vector[0].Sample.Value}";
            case "string":
                return ours.Text == result[1].GetString() ? null : $"they {result[1]}, we {ours.Text}";
            case "vector":
                return Compare(
                    [.. result.EnumerateArray().Select(e => (LabelsOf(e), new[] { (at.Start, Number(e.GetProperty("value")[1])) }))],
                    [.. ours.Vector.Select(v => (v.Labels, new[] { (at.Start, v.Sample.Value) }))], ordered);
            default:
                return Compare(
                    [.. result.EnumerateArray()
                        .Select(e =>
                        (LabelsOf(e),
                            e.GetProperty("values").EnumerateArray().Select(p => ((long)Math.Round(p[0].GetDouble() * 1000), Number(p[1])))
                            .ToArray()))],
                    [.. ours.Matrix.Select(m => (m.Labels, m.Times.Zip(m.Values).ToArray()))], ordered: false);
        }
    }

    private static string? Compare(
        List<(Labels Labels, (long Time, double Value)[] Points)> theirs, List<(Labels Labels, (long Time, double Value)[] Points)> ours,
        bool ordered)
    {
        if (theirs.Count != ours.Count)
            return $"they {theirs.Count} series: {string.Join(' ', theirs.Take(3).Select(t => t.Labels))}, we {ours.Count}: "
                + $"{string.Join(' ', ours.Take(3).Select(t => t.Labels))}";
        for (int i = 0; i < theirs.Count; i++)
        {
            (Labels labels, (long Time, double Value)[] points) = theirs[i];
            int place = ours.FindIndex(o => o.Labels.Equals(labels));
            if (place < 0)
                return $"they have {labels}";
            // Series of equal value may stand either way.
            if (ordered && !Same(points[0].Value, ours[i].Points[0].Value))
                return $"at place {i} they have {labels}, we {ours[i].Labels}";
            (long Time, double Value)[] mine = ours[place].Points;
            if (mine.Length != points.Length)
                return $"{labels}: they {points.Length} points, we {mine.Length}";
            for (int p = 0; p < points.Length; p++)
            {
                if (points[p].Time != mine[p].Time || !Same(points[p].Value, mine[p].Value))
                    return string.Create(
                        CultureInfo.InvariantCulture,
                        $"{labels} at {points[p].Time}: they {points[p].Value:R}, we {mine[p].Value:R} at {mine[p].Time}");
            }
        }
        return null;
    }

    private static bool Same(double a, double b) =>
        a.Equals(b) || a == b || Math.Abs(a - b) <= Tolerance * Math.Max(Math.Abs(a), Math.Abs(b));

    private static Labels LabelsOf(JsonElement series) =>
        Labels.Of([.. series.GetProperty("metric").EnumerateObject().Select(l => new Label(l.Name, l.Value.GetString()!))]);

    private static double Number(JsonElement text) =>
        FloatText.TryParse(System.Text.Encoding.ASCII.GetBytes(text.GetString()!), out double number)
            ? number
            : throw new FormatException(text.GetString());
}

/// <summary>Reads an answer whatever its status.</summary>
internal static class HttpAnswers
{
    public static async Task<string> ReadAnyAsync(this HttpClient http, string path)
    {
        using HttpResponseMessage answer = await http.GetAsync(new Uri(path, UriKind.Relative));
        return await answer.Content.ReadAsStringAsync();
    }
}
