using System.Globalization;
using System.Text.Json;
using Metrics.Configuration;
using Metrics.Hosting;
using Metrics.Formats;
using Metrics.Model;
using Metrics.Query;

namespace Metrics.Cli;

/// <summary><c>metricsd query EXPR</c>: asks the running daemon and prints a table, for a range with a small chart of each series.</summary>
internal static class QueryCommand
{
    private const int MaxSeries = 200;

    /// <returns>0, or 1 when the expression has no result, or 2 when the daemon cannot be asked.</returns>
    public static async Task<int> RunAsync(MetricsOptions options, string expression, Dictionary<string, string> given)
    {
        if (!PreparedQuery.TryParse(expression, out _, out QueryError? fault))
        {
            await Console.Error.WriteLineAsync($"{fault}");
            return 1;
        }
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        string url = given.GetValueOrDefault("url") ?? $"http://{options.Listen}";
        if (Path(expression, given, now, out string? problem) is not { } path)
        {
            await Console.Error.WriteLineAsync($"metricsd: {problem}");
            return 2;
        }
        using var http = new HttpClient { Timeout = TimeSpan.FromMinutes(3) };
        var request = new HttpRequestMessage(HttpMethod.Get, url.TrimEnd('/') + path);
        if (options.Auth.Tokens is [var token, ..])
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token.Token.Reveal()}");
        try
        {
            using HttpResponseMessage response = await http.SendAsync(request);
            using JsonDocument answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
            return Print(answer.RootElement, Console.Out, Console.IsOutputRedirected ? 0 : Math.Clamp(Console.WindowWidth, 40, 200));
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException or JsonException)
        {
            await Console.Error.WriteLineAsync($"metricsd: no daemon answers at {url}: {e.Message}");
            return 2;
        }
    }

    private static string? Path(string expression, Dictionary<string, string> given, DateTimeOffset now, out string? problem)
    {
        problem = null;
        string query = Uri.EscapeDataString(expression);
        string at = given.GetValueOrDefault("at") ?? (now.ToUnixTimeMilliseconds() / 1000.0).ToString("F3", CultureInfo.InvariantCulture);
        if (!given.TryGetValue("range", out string? range))
            return $"/api/v1/query?query={query}&time={Uri.EscapeDataString(at)}";
        if (!Duration.TryParse(range, out TimeSpan length) || length <= TimeSpan.Zero)
            problem = $"--range is '{range}'; it must be a duration such as 15m or 2h";
        TimeSpan step = TimeSpan.FromSeconds(Math.Max(1, Math.Ceiling(length.TotalSeconds / 120)));
        if (given.TryGetValue("step", out string? asked) && (!Duration.TryParse(asked, out step) || step <= TimeSpan.Zero))
            problem = $"--step is '{asked}'; it must be a duration such as 15s or 1m";
        double end = 0;
        if (given.ContainsKey("at") && !double.TryParse(at, NumberStyles.Float, CultureInfo.InvariantCulture, out end))
            end = DateTimeOffset.TryParse(at, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time) ? time.ToUnixTimeMilliseconds() / 1000.0 : double.NaN;
        if (!given.ContainsKey("at"))
            end = now.ToUnixTimeMilliseconds() / 1000.0;
        if (double.IsNaN(end))
            problem = $"--at is '{at}'; it must be seconds since 1970 or a time such as 2026-01-31T12:00:00Z";
        return problem is null
            ? string.Create(CultureInfo.InvariantCulture, $"/api/v1/query_range?query={query}&start={end - length.TotalSeconds:F3}&end={end:F3}&step={step.TotalSeconds}")
            : null;
    }

    /// <summary>Prints an answer of the API.</summary>
    /// <param name="answer">The answer.</param>
    /// <param name="to">Where to.</param>
    /// <param name="width">Characters a line for charts; 0 is none.</param>
    internal static int Print(JsonElement answer, TextWriter to, int width)
    {
        if (answer.GetProperty("status").GetString() != "success")
        {
            Console.Error.WriteLine(answer.GetProperty("error").GetString());
            return 1;
        }
        JsonElement data = answer.GetProperty("data"), result = data.GetProperty("result");
        switch (data.GetProperty("resultType").GetString())
        {
            case "scalar" or "string":
                to.WriteLine(result[1].GetString());
                break;
            case "vector":
                PrintTable(to, [.. result.EnumerateArray().Select(e => (Name(e), e.GetProperty("value")[1].GetString()!))]);
                break;
            default:
                PrintRange(to, result, width);
                break;
        }
        foreach (string kind in new[] { "warnings", "infos" })
        {
            if (answer.TryGetProperty(kind, out JsonElement notes))
            {
                foreach (JsonElement note in notes.EnumerateArray())
                    Console.Error.WriteLine(note.GetString());
            }
        }
        return 0;
    }

    private static void PrintTable(TextWriter to, List<(string Series, string Value)> rows)
    {
        if (rows.Count == 0)
        {
            to.WriteLine("no series");
            return;
        }
        int wide = rows.Max(r => r.Series.Length);
        foreach ((string series, string value) in rows)
            to.WriteLine($"{series.PadRight(wide)}  {value}");
    }

    private static void PrintRange(TextWriter to, JsonElement result, int width)
    {
        if (result.GetArrayLength() == 0)
            to.WriteLine("no series");
        foreach (JsonElement series in result.EnumerateArray().Take(MaxSeries))
        {
            double[] values = [.. series.GetProperty("values").EnumerateArray().Select(v => FloatText.TryParse(System.Text.Encoding.ASCII.GetBytes(v[1].GetString()!), out double n) ? n : double.NaN)];
            double[] finite = [.. values.Where(double.IsFinite)];
            string range = finite.Length == 0 ? "no number" : string.Create(CultureInfo.InvariantCulture, $"min {finite.Min():G6}  max {finite.Max():G6}  last {values[^1]:G6}  ({values.Length} points)");
            to.WriteLine($"{Name(series)}  {range}");
            if (width > 0)
                to.WriteLine($"  {Chart(values, width - 4)}");
        }
        if (result.GetArrayLength() > MaxSeries)
            to.WriteLine($"… and {result.GetArrayLength() - MaxSeries} more series");
    }

    /// <summary>A line of bars between the least and the greatest value; a gap where there is none.</summary>
    internal static string Chart(double[] values, int width)
    {
        const string Bars = "▁▂▃▄▅▆▇█";
        double[] finite = [.. values.Where(double.IsFinite)];
        if (finite.Length == 0)
            return "";
        (double min, double max) = (finite.Min(), finite.Max());
        int columns = Math.Min(width, values.Length);
        var line = new char[columns];
        for (int c = 0; c < columns; c++)
        {
            double[] cell = [.. values[(c * values.Length / columns)..((c + 1) * values.Length / columns)].Where(double.IsFinite)];
            line[c] = cell.Length == 0 ? ' ' : Bars[max == min ? 0 : (int)Math.Min(7, (cell.Average() - min) / (max - min) * 8)];
        }
        return new string(line);
    }

    private static string Name(JsonElement series) =>
        Labels.Of([.. series.GetProperty("metric").EnumerateObject().Select(l => new Label(l.Name, l.Value.GetString()!))]).ToString();
}
