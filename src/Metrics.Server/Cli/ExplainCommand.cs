using System.Net.Http.Json;
using System.Text.Json;
using Metrics.Configuration;
using Metrics.Hosting;

namespace Metrics.Cli;

/// <summary><c>metricsd explain ALERT</c>: asks the running daemon why somebody was told of an alert, or not.</summary>
internal static class ExplainCommand
{
    /// <returns>0, 1 when nothing is known of it, 2 for wrong use or no daemon.</returns>
    public static async Task<int> RunAsync(MetricsOptions options, string alert, Dictionary<string, string> given)
    {
        string url = (given.GetValueOrDefault("url") ?? $"http://{options.Listen}").TrimEnd('/');
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(30) };
        if (options.Auth.Tokens is [var token, ..])
            http.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", $"Bearer {token.Token.Reveal()}");
        JsonElement answer;
        try
        {
            using HttpResponseMessage response = await http.GetAsync($"{url}/api/v1/explain?alert={Uri.EscapeDataString(alert)}");
            answer = await response.Content.ReadFromJsonAsync<JsonElement>();
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException or JsonException)
        {
            await Console.Error.WriteLineAsync($"metricsd: no daemon answers at {url}: {e.Message}");
            return 2;
        }
        if (answer.GetProperty("status").GetString() != "success")
        {
            await Console.Error.WriteLineAsync($"metricsd: {answer.GetProperty("error").GetString()}");
            return 2;
        }
        JsonElement data = answer.GetProperty("data");
        return Write(data.GetProperty("rule"), [.. data.GetProperty("alerts").EnumerateArray()], alert);
    }

    private static int Write(JsonElement rule, List<JsonElement> alerts, string asked)
    {
        foreach (JsonElement known in alerts)
        {
            string series = string.Join(", ", known.GetProperty("series").EnumerateObject().Select(l => $"{l.Name}={Model.Labels.Quote(l.Value.GetString()!)}"));
            Console.WriteLine($"{known.GetProperty("alert").GetString()}{{{series}}}: {known.GetProperty("state").GetString()}");
            foreach (JsonElement line in known.GetProperty("now").EnumerateArray())
                Console.WriteLine($"  {line.GetString()}");
            foreach (JsonElement line in known.GetProperty("trail").EnumerateArray())
                Console.WriteLine($"  {line.GetProperty("at").GetString()}  {line.GetProperty("what").GetString(),-12}  {line.GetProperty("text").GetString()}");
        }
        if (alerts.Count > 0)
            return 0;
        foreach (JsonElement line in rule.EnumerateArray())
            Console.WriteLine(line.GetString());
        Console.WriteLine(rule.GetArrayLength() == 0 ? $"no alerting rule is called so: {asked}" : $"no alert that matches {asked} has been pending or firing: the expression gave no value out of bounds for it");
        return 1;
    }
}
