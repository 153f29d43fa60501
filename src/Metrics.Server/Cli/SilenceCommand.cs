using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using Metrics.Configuration;
using Metrics.Api;
using Metrics.Hosting;
using Metrics.Model;
using Metrics.Routing;
using Metrics.Series;

namespace Metrics.Cli;

/// <summary><c>metricsd silence</c>: adds, lists and ends silences of the running daemon.</summary>
internal static class SilenceCommand
{
    public const string Usage = "metricsd: silence takes: add MATCHER... --comment TEXT [--duration 2h] [--author NAME], list, or expire ID...";

    /// <returns>0, 1 when the daemon refuses, 2 for wrong use or no daemon.</returns>
    public static async Task<int> RunAsync(MetricsOptions options, IReadOnlyList<string> words, Dictionary<string, string> given)
    {
        string url = (given.GetValueOrDefault("url") ?? $"http://{options.Listen}").TrimEnd('/');
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(30) };
        if (options.Auth.Tokens.FirstOrDefault(t => t.Role >= Role.Operator) is { } token)
            http.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", $"Bearer {token.Token.Reveal()}");
        try
        {
            switch (words)
            {
                case ["add", _, ..]:
                    return await AddAsync(http, url, words.Skip(1), given);
                case ["list"]:
                    return await ListAsync(http, url);
                case ["expire", _, ..]:
                    foreach (string id in words.Skip(1))
                    {
                        using HttpResponseMessage answer = await http.DeleteAsync($"{url}/api/v2/silence/{Uri.EscapeDataString(id)}");
                        if (await RefusedAsync(answer))
                            return 1;
                    }
                    return 0;
                default:
                    await Console.Error.WriteLineAsync(Usage);
                    return 2;
            }
        }
        catch (FormatException e)
        {
            await Console.Error.WriteLineAsync($"metricsd: {e.Message}");
            return 2;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            await Console.Error.WriteLineAsync($"metricsd: no daemon answers at {url}: {e.Message}");
            return 2;
        }
    }

    private static async Task<int> AddAsync(HttpClient http, string url, IEnumerable<string> matchers, Dictionary<string, string> given)
    {
        if (!Duration.TryParse(given.GetValueOrDefault("duration", "1h"), out TimeSpan duration) || duration <= TimeSpan.Zero)
            throw new FormatException($"--duration is '{given["duration"]}'; it must be a duration such as 30m or 2h");
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        var silence = new
        {
            // A word without a sign is an alert's name, as amtool has it.
            matchers = matchers.SelectMany(m => MatcherText.Parse(m.Contains('=', StringComparison.Ordinal) || m.Contains('~', StringComparison.Ordinal) ? m : $"alertname={m}"))
                .Select(m => new { name = m.Name, value = m.Value, isRegex = m.Kind is MatchKind.Regex or MatchKind.NotRegex, isEqual = m.Kind is MatchKind.Equal or MatchKind.Regex }),
            startsAt = now,
            endsAt = now + duration,
            createdBy = given.GetValueOrDefault("author") ?? Environment.UserName,
            comment = given.GetValueOrDefault("comment") ?? throw new FormatException("silence add needs --comment TEXT: why nobody shall be told"),
        };
        // With its length told, which a stream of JSON would not have.
        using var body = new StringContent(JsonSerializer.Serialize(silence), System.Text.Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await http.PostAsync($"{url}/api/v2/silences", body);
        if (await RefusedAsync(answer))
            return 1;
        Console.WriteLine((await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("silenceID").GetString());
        return 0;
    }

    private static async Task<int> ListAsync(HttpClient http, string url)
    {
        using HttpResponseMessage answer = await http.GetAsync($"{url}/api/v2/silences");
        if (await RefusedAsync(answer))
            return 1;
        foreach (JsonElement silence in (await answer.Content.ReadFromJsonAsync<JsonElement>()).EnumerateArray())
        {
            string state = silence.GetProperty("status").GetProperty("state").GetString()!;
            if (state == "expired")
                continue;
            IEnumerable<string> matchers = silence.GetProperty("matchers").EnumerateArray().Select(m =>
                $"{m.GetProperty("name").GetString()}{(m.GetProperty("isEqual").GetBoolean() ? m.GetProperty("isRegex").GetBoolean() ? "=~" : "=" : m.GetProperty("isRegex").GetBoolean() ? "!~" : "!=")}{Labels.Quote(m.GetProperty("value").GetString()!)}");
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{silence.GetProperty("id").GetString()}  {state,-7}  until {silence.GetProperty("endsAt").GetString()}  {string.Join(' ', matchers)}  {silence.GetProperty("createdBy").GetString()}: {silence.GetProperty("comment").GetString()}"));
        }
        return 0;
    }

    private static async Task<bool> RefusedAsync(HttpResponseMessage answer)
    {
        if (answer.IsSuccessStatusCode)
            return false;
        await Console.Error.WriteLineAsync($"metricsd: HTTP {(int)answer.StatusCode}: {(await answer.Content.ReadAsStringAsync()).Trim().Trim('"')}");
        return true;
    }
}
