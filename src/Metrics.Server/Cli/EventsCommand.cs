using System.Net.ServerSentEvents;
using System.Text.Json;
using Metrics.Configuration;
using Metrics.Routing;

namespace Metrics.Cli;

/// <summary><c>metricsd events [MATCHER…]</c>: prints events of the running daemon, the newest last, or follows them.</summary>
internal static class EventsCommand
{
    private const string DefaultLimit = "100";

    /// <param name="options">Where the daemon listens, and its tokens.</param>
    /// <param name="matchers">Conditions on fields; all must hold.</param>
    /// <param name="given">The options that were given: from, to, text, limit, follow, output, url.</param>
    /// <returns>0, 1 when the daemon refuses, 2 for wrong use or no daemon.</returns>
    public static async Task<int> RunAsync(MetricsOptions options, IReadOnlyList<string> matchers, Dictionary<string, string> given)
    {
        bool json = given.GetValueOrDefault("output") == "json", follows = given.ContainsKey("follow");
        if (ProblemOf(matchers, given, follows) is { } problem)
        {
            await Console.Error.WriteLineAsync($"metricsd: {problem}");
            return 2;
        }
        string url = (given.GetValueOrDefault("url") ?? $"http://{options.Listen}").TrimEnd('/');
        using var http = new HttpClient { Timeout = follows ? Timeout.InfiniteTimeSpan : TimeSpan.FromSeconds(30) };
        if (options.Auth.Tokens is [var token, ..])
            http.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", $"Bearer {token.Token.Reveal()}");
        string asked = $"{url}/api/v1/events?{Query(matchers, given)}";
        try
        {
            return await (follows ? FollowAsync(http, asked, json) : ReadAsync(http, asked, json));
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException or JsonException)
        {
            await Console.Error.WriteLineAsync($"metricsd: no daemon answers at {url}: {e.Message}");
            return 2;
        }
    }

    private static string? ProblemOf(IReadOnlyList<string> matchers, Dictionary<string, string> given, bool follows)
    {
        if (given.TryGetValue("output", out string? output) && output is not ("json" or "text"))
            return $"--output is '{output}'; it must be text or json";
        if (follows && (given.ContainsKey("to") || given.ContainsKey("limit")))
            return "--to and --limit mean nothing with --follow";
        foreach (string matcher in matchers)
        {
            try
            {
                _ = MatcherText.Parse(matcher);
            }
            catch (FormatException e)
            {
                return e.Message;
            }
        }
        return null;
    }

    private static string Query(IReadOnlyList<string> matchers, Dictionary<string, string> given)
    {
        List<string> query = [.. matchers.Select(m => $"match[]={Uri.EscapeDataString(m)}")];
        foreach (string key in new[] { "from", "to", "text" })
        {
            if (given.TryGetValue(key, out string? value))
                query.Add($"{key}={Uri.EscapeDataString(value)}");
        }
        query.Add($"limit={Uri.EscapeDataString(given.GetValueOrDefault("limit", DefaultLimit))}");
        return string.Join('&', query);
    }

    private static async Task<int> ReadAsync(HttpClient http, string url, bool json)
    {
        using HttpResponseMessage response = await http.GetAsync(url);
        using JsonDocument answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        if (answer.RootElement.GetProperty("status").GetString() != "success")
        {
            await Console.Error.WriteLineAsync($"metricsd: {answer.RootElement.GetProperty("error").GetString()}");
            return 1;
        }
        // The newest are asked for, and printed as they happened.
        foreach (JsonElement one in answer.RootElement.GetProperty("data").GetProperty("events").EnumerateArray().Reverse())
            Write(one, json);
        return 0;
    }

    private static async Task<int> FollowAsync(HttpClient http, string url, bool json)
    {
        await foreach (SseItem<string> item in EventFollower.FollowAsync(http, url, TimeProvider.System, CancellationToken.None))
        {
            using JsonDocument one = JsonDocument.Parse(item.Data);
            if (item.EventType == "dropped")
                await Console.Error.WriteLineAsync($"metricsd: some events were missed: {item.Data}");
            else
                Write(one.RootElement, json);
        }
        return 0;
    }

    private static void Write(JsonElement one, bool json)
    {
        if (json)
            Console.Out.WriteLine(one.GetRawText());
        else
            EventText.Write(one, Console.Out);
    }
}
