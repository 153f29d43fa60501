using System.Net;
using Microsoft.Data.Sqlite;

namespace Metrics.IntegrationTests.Adversary;

/// <summary>A state that cannot be written, since another process has it locked, stalls nothing that need not write it.</summary>
public sealed class StateStallTests
{
    private const int Writers = 200;

    /// <summary>Well under a second, on a machine that runs other tests beside.</summary>
    private static readonly TimeSpan s_soon = TimeSpan.FromSeconds(1);

    private static readonly string[] s_reads =
    [
        "/-/healthy", "/-/ready", "/metrics", "/api/v1/query?query=up", "/api/v1/alerts", "/api/v2/alerts", "/api/v2/silences", "/",
        "/rules", "/audit", "/api/v1/audit", "/federate?match[]=up",
    ];

    [Fact]
    public async Task A_locked_state_refuses_writes_in_time_and_holds_up_no_reads()
    {
        await using Daemon daemon = await Daemon.StartAsync();
        HttpStatusCode[] answers;
        await using (SqliteConnection other = await LockAsync(daemon))
        {
            Task<HttpStatusCode>[] posts = [.. Enumerable.Range(0, Writers).Select(i => WriteAsync(daemon, i))];
            foreach (string path in s_reads)
                (await TimeAsync(daemon, path)).Should().BeLessThan(s_soon, path);
            answers = await Task.WhenAll(posts);
            foreach (string path in s_reads)
                (await TimeAsync(daemon, path)).Should().BeLessThan(s_soon, path);
        }
        answers.Should().OnlyContain(a => a == HttpStatusCode.ServiceUnavailable);

        // What was refused was not done, and is not done later.
        await Eventually.Async(async () =>
        {
            using HttpResponseMessage answer = await SilenceAsync(daemon, "after");
            return answer.IsSuccessStatusCode;
        }, "silences are taken again");
        (await daemon.GetAsync("/api/v2/silences")).Should().Contain("after").And.NotContain("during");
        (await daemon.GetAsync("/api/v1/audit")).Should().Contain("after").And.NotContain("during");
    }

    [Fact]
    public async Task Who_is_refused_hears_why_and_when_to_come_again()
    {
        await using Daemon daemon = await Daemon.StartAsync();
        await using SqliteConnection other = await LockAsync(daemon);
        using HttpResponseMessage answer = await SilenceAsync(daemon, "during");
        answer.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
        answer.Headers.RetryAfter!.Delta.Should().Be(TimeSpan.FromSeconds(5));
        (await answer.Content.ReadAsStringAsync()).Should().Be(
            "The state cannot be written now, and nothing was changed. Try again later.\n");
    }

    private static async Task<SqliteConnection> LockAsync(Daemon daemon)
    {
        var connection = new SqliteConnection($"Data Source={daemon.Folder}/data/state.db;Pooling=False");
        await connection.OpenAsync();
        using SqliteCommand begin = connection.CreateCommand();
        begin.CommandText = "BEGIN EXCLUSIVE";
        await begin.ExecuteNonQueryAsync();
        return connection;
    }

    /// <summary>By turns silences, alerts and a silence that ends.</summary>
    private static async Task<HttpStatusCode> WriteAsync(Daemon daemon, int number)
    {
        using HttpResponseMessage answer = number % 2 == 0
            ? await SilenceAsync(daemon, "during")
            : await daemon.Http.PostAsync(daemon.Url("/api/v2/alerts"), Json("""[{"labels":{"alertname":"Sent"}}]"""));
        return answer.StatusCode;
    }

    private static async Task<HttpResponseMessage> SilenceAsync(Daemon daemon, string comment) =>
        await daemon.Http.PostAsync(daemon.Url("/api/v2/silences"), Json($$"""
            {
              "matchers": [{ "name": "alertname", "value": "X", "isRegex": false }], "createdBy": "ann", "comment": "{{comment}}",
              "startsAt": "2026-01-01T00:00:00Z", "endsAt": "2099-01-01T00:00:00Z"
            }
            """));

    private static StringContent Json(string text) => new(text, System.Text.Encoding.UTF8, "application/json");

    private static async Task<TimeSpan> TimeAsync(Daemon daemon, string path)
    {
        long start = TimeProvider.System.GetTimestamp();
        using HttpResponseMessage answer = await daemon.Http.GetAsync(daemon.Url(path));
        answer.IsSuccessStatusCode.Should().BeTrue(path);
        return TimeProvider.System.GetElapsedTime(start);
    }
}
