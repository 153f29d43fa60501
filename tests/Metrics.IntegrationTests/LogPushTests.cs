using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;

namespace Metrics.IntegrationTests;

/// <summary>Lines of logs pushed over HTTP to the real daemon, which is killed meanwhile.</summary>
public sealed class LogPushTests
{
    private const int LinesPerPush = 50;
    private const long Start = 1_795_766_400_000_000_000;

    [Fact]
    public async Task Over_kill_9_each_line_that_came_by_Loki_is_there_once_and_none_that_was_answered_is_lost()
    {
        await using Daemon daemon = await Daemon.StartAsync();
        int next = 0;
        var byLoki = new ConcurrentBag<int>();
        using var stop = new CancellationTokenSource();
        // As Promtail does: one push after the other, and the same again until it is answered.
        async Task SendAllAsync(Func<IReadOnlyList<int>, HttpRequestMessage> requestOf)
        {
            while (!stop.IsCancellationRequested)
            {
                int first = Interlocked.Add(ref next, LinesPerPush) - LinesPerPush;
                int[] numbers = [.. Enumerable.Range(first, LinesPerPush)];
                await Eventually.Async(() => TrySendAsync(daemon, requestOf(numbers)), "a push is taken");
            }
        }
        HttpRequestMessage ByLoki(IReadOnlyList<int> numbers)
        {
            foreach (int number in numbers)
                byLoki.Add(number);
            return Loki(daemon, numbers);
        }
        Task[] senders = [SendAllAsync(ByLoki), SendAllAsync(n => JsonLines(daemon, n)), SendAllAsync(ByLoki)];
        for (int kills = 0; kills < 2; kills++)
        {
            int before = Volatile.Read(ref next);
            await Eventually.Async(() => Task.FromResult(Volatile.Read(ref next) > before + (10 * LinesPerPush)), "pushes are answered");
            daemon.Kill();
            await daemon.StartAgainAsync();
        }
        await stop.CancelAsync();
        await Task.WhenAll(senders);
        Dictionary<int, int> kept = (await NumbersAsync(daemon)).CountBy(n => n).ToDictionary();
        kept.Keys.Order().Should().Equal(Enumerable.Range(0, next), "each line was answered in the end");
        byLoki.Distinct().Where(n => kept[n] > 1).Should().BeEmpty("the same push is taken once");
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{next} lines, {byLoki.Distinct().Count()} by Loki; {kept.Values.Count(c => c > 1)} of the others twice");
    }

    private static async Task<bool> TrySendAsync(Daemon daemon, HttpRequestMessage request)
    {
        using (request)
        {
            using HttpResponseMessage answer = await daemon.Http.SendAsync(request);
            return answer.StatusCode switch
            {
                HttpStatusCode.NoContent => true,
                HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests => false,
                _ => throw new InvalidOperationException($"{answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}"),
            };
        }
    }

    private static HttpRequestMessage Loki(Daemon daemon, IReadOnlyList<int> numbers)
    {
        string values = string.Join(',', numbers.Select(n => $"[\"{Start + n}\",\"number {n}\"]"));
        return new HttpRequestMessage(HttpMethod.Post, daemon.Url("/loki/api/v1/push"))
        {
            Content = new StringContent(
                $$$"""{"streams":[{"stream":{"app":"numbers"},"values":[{{{values}}}]}]}""", Encoding.UTF8, "application/json"),
        };
    }

    private static HttpRequestMessage JsonLines(Daemon daemon, IReadOnlyList<int> numbers) =>
        new(HttpMethod.Post, daemon.Url("/api/v1/events"))
        {
            Content = new StringContent(
                string.Join('\n', numbers.Select(n => $$"""{"message":"number {{n}}","timestamp":"2026-11-27T08:00:00Z"}""")),
                Encoding.UTF8, "application/x-ndjson"),
        };

    private static async Task<List<int>> NumbersAsync(Daemon daemon)
    {
        List<int> numbers = [];
        for (long after = 0; ;)
        {
            string page = await daemon.GetAsync(
                string.Create(CultureInfo.InvariantCulture, $"/api/v1/events?order=oldest&limit=10000&text=number&after={after}"));
            JsonElement data = JsonDocument.Parse(page).RootElement.GetProperty("data");
            List<JsonElement> events = [.. data.GetProperty("events").EnumerateArray()];
            if (events.Count == 0)
                return numbers;
            numbers.AddRange(events.Select(e => int.Parse(e.GetProperty("body").GetString()!.Split(' ')[1], CultureInfo.InvariantCulture)));
            after = events[^1].GetProperty("id").GetInt64();
        }
    }
}
