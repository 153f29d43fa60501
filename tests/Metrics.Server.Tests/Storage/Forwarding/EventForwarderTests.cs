using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Metrics.Formats.Forward;
using Metrics.Hosting;
using Metrics.Model;
using Metrics.Storage;
using Metrics.Storage.Events;
using Metrics.Storage.Forwarding;
using Metrics.Telemetry;
using Metrics.Tests.Access;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using EventLog = Metrics.Storage.Events.EventLog;

namespace Metrics.Tests.Storage.Forwarding;

/// <summary>A node's log, sent to a real centre.</summary>
public sealed class EventForwarderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("forward").FullName;
    private readonly FakeTimeProvider _time = new(TimeProvider.System.GetUtcNow() - TimeSpan.FromDays(40));
    private long _place;

    private readonly MetricRegistry _registry = new();
    private readonly ForwardMetrics _metrics;
    private readonly SaidLog<EventForwarder> _said = new();

    public EventForwarderTests() => _metrics = new ForwardMetrics(_registry);

    [Fact]
    public async Task Events_come_in_their_order_each_once_over_many_requests_and_a_restart_of_the_node()
    {
        const int Count = 25_000;
        await using RunningDaemon centre = await RunningDaemon.StartAsync("");
        await using EventLog log = Open();
        await WriteAsync(log, Enumerable.Range(0, Count));
        using (EventForwarder forwarder = Start(log, centre.Address))
        {
            await UntilAsync(() => _metrics.EventsSent.Value >= Count, "all are sent");
            await forwarder.StopAsync(default);
        }
        await WriteAsync(log, [Count]);
        using EventForwarder again = Start(log, centre.Address);
        await UntilAsync(() => _metrics.EventsSent.Value >= Count + 1, "the last is sent");
        (await BodiesAsync(centre)).Should().Equal(Enumerable.Range(0, Count + 1).Select(n => $"{n}"));
        await again.StopAsync(default);
    }

    [Fact]
    public async Task What_went_for_its_age_before_it_was_sent_is_said_at_the_centre_and_the_rest_comes()
    {
        await using RunningDaemon centre = await RunningDaemon.StartAsync("");
        await using EventLog log = Open();
        await WriteAsync(log, [1]);
        using (EventForwarder forwarder = Start(log, centre.Address))
        {
            await UntilAsync(() => _metrics.EventsSent.Value == 1, "the first is sent");
            await forwarder.StopAsync(default);
        }
        await WriteAsync(log, [2]);
        _time.Advance(TimeSpan.FromDays(39));
        await WriteAsync(log, [3]);
        await log.MaintainAsync(new EventLogOptions { Retention = TimeSpan.FromDays(30) }, _ => Task.CompletedTask, default);
        using EventForwarder again = Start(log, centre.Address);
        await UntilAsync(() => _metrics.EventsSent.Value == 2, "the third is sent");
        (await BodiesAsync(centre)).Should().SatisfyRespectively(
            first => first.Should().Be("1"), gap => gap.Should().Contain("some were no longer there"), third => third.Should().Be("3"));
        _metrics.EventsDropped.WithLabels("expired").Value.Should().Be(1, "the centre was told of one span");
        _said.Messages.Should().ContainSingle(m => m.Contains("went for their age or size", StringComparison.Ordinal));
        await again.StopAsync(default);
    }

    [Fact]
    public async Task What_went_for_its_age_after_it_was_sent_is_no_loss()
    {
        await using RunningDaemon centre = await RunningDaemon.StartAsync("");
        await using EventLog log = Open();
        await WriteAsync(log, [1]);
        using EventForwarder forwarder = Start(log, centre.Address);
        await UntilAsync(() => _metrics.EventsSent.Value == 1, "the first is sent");
        _time.Advance(TimeSpan.FromDays(39));
        await WriteAsync(log, [2]);
        await log.MaintainAsync(new EventLogOptions { Retention = TimeSpan.FromDays(30) }, _ => Task.CompletedTask, default);
        await WriteAsync(log, [3]);
        await UntilAsync(() => _metrics.EventsSent.Value == 3, "the third is sent");
        (await BodiesAsync(centre)).Should().Equal("1", "2", "3");
        await forwarder.StopAsync(default);
    }

    [Fact]
    public async Task A_body_that_is_too_large_is_halved_and_an_event_that_is_too_large_alone_is_given_up()
    {
        const int Large = 7, Count = 20;
        List<int> taken = [];
        List<long> lost = [];
        using var centre = new LocalServer(async context =>
        {
            string[] lines = await LinesAsync(context.Request.InputStream);
            ForwardHeader.TryRead(Encoding.UTF8.GetBytes(lines[0]), out ForwardHeader header, out _).Should().BeTrue();
            (long Id, int Number)[] events = [.. lines[1..].Select(l => JsonDocument.Parse(l).RootElement)
                .Select(e => (e[0].GetInt64(), int.Parse(e[5].GetString()!, CultureInfo.InvariantCulture)))];
            lock (taken)
            {
                if (events.Length > 3 || events.Any(e => e.Number == Large))
                {
                    context.Response.StatusCode = 413;
                    return;
                }
                taken.AddRange(events.Select(e => e.Number));
                if (header.LostTo > 0)
                    lost.Add(header.LostTo);
                _place = Math.Max(_place, Math.Max(header.LostTo, events.LastOrDefault().Id));
            }
            await context.Response.OutputStream.WriteAsync(new ForwardAnswer(_place, 0).ToUtf8());
        });
        long first = await SendAllButOneAsync(centre, Count);
        taken.Should().Equal(Enumerable.Range(0, Count).Where(n => n != Large));
        lost.Should().NotBeEmpty().And.OnlyContain(id => id == first + Large);
        _metrics.EventsDropped.WithLabels("too_large").Value.Should().Be(1);
        _said.Messages.Should().ContainSingle(m => m.Contains("is given up", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Batches_grow_again_after_one_was_too_large_and_come_to_a_size_that_the_centre_takes()
    {
        const int Count = 4_000, Bound = 20_000;
        (int Taken, int TooLarge, int LateTooLarge, int Largest) seen = default;
        using var centre = new LocalServer(async context =>
        {
            using var unpacked = new MemoryStream();
            await using (var gzip = new GZipStream(context.Request.InputStream, CompressionMode.Decompress))
                await gzip.CopyToAsync(unpacked);
            string[] lines = Encoding.UTF8.GetString(unpacked.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
            if (unpacked.Length > Bound)
            {
                (seen.TooLarge, seen.LateTooLarge) = (seen.TooLarge + 1, seen.LateTooLarge + (seen.Taken > Count / 2 ? 1 : 0));
                context.Response.StatusCode = 413;
                return;
            }
            seen.Taken += lines.Length - 1;
            seen.Largest = Math.Max(seen.Largest, (int)unpacked.Length);
            _place = lines.Length > 1 ? JsonDocument.Parse(lines[^1]).RootElement[0].GetInt64() : _place;
            await context.Response.OutputStream.WriteAsync(new ForwardAnswer(_place, 0).ToUtf8());
        });
        await using EventLog log = Open();
        await WriteAsync(log, Enumerable.Range(0, Count), new string('x', 200));
        using EventForwarder forwarder = Start(log, new Uri(centre.Url));
        await UntilAsync(() => _metrics.EventsSent.Value >= Count, "all are sent");
        await forwarder.StopAsync(default);
        seen.Taken.Should().Be(Count);
        seen.LateTooLarge.Should().Be(0, "what was too large is remembered");
        seen.TooLarge.Should().BeInRange(2, 20);
        seen.Largest.Should().BeGreaterThan(Bound * 9 / 10);
    }

    [Fact]
    public async Task An_event_that_the_centre_cannot_read_holds_up_no_other()
    {
        const int Bad = 7, Count = 20;
        List<string> taken = [];
        int refusedAlone = 0;
        using var centre = new LocalServer(async context =>
        {
            string[] lines = await LinesAsync(context.Request.InputStream);
            JsonElement[] events = [.. lines[1..].Select(l => JsonDocument.Parse(l).RootElement)];
            if (events.Any(e => e[5].GetString() == $"{Bad}"))
            {
                refusedAlone += events.Length == 1 ? 1 : 0;
                context.Response.StatusCode = 400;
                return;
            }
            taken.AddRange(events.Select(e => e[5].GetString()!));
            _place = events.Length > 0 ? events[^1][0].GetInt64() : _place;
            await context.Response.OutputStream.WriteAsync(new ForwardAnswer(_place, 0).ToUtf8());
        });
        await SendAllButOneAsync(centre, Count);
        taken.Should().Equal(Enumerable.Range(0, Count).Where(n => n != Bad).Select(n => $"{n}"));
        _metrics.EventsDropped.WithLabels("invalid").Value.Should().Be(1);
        refusedAlone.Should().Be(2, "once may be the way there");
    }

    [Fact]
    public async Task Events_that_the_token_may_not_send_are_counted_and_said_once()
    {
        using var centre = new LocalServer(async context =>
        {
            string[] lines = await LinesAsync(context.Request.InputStream);
            _place = lines.Length > 1 ? JsonDocument.Parse(lines[^1]).RootElement[0].GetInt64() : _place;
            await context.Response.OutputStream.WriteAsync(new ForwardAnswer(_place, lines.Length - 1).ToUtf8());
        });
        await using EventLog log = Open();
        using EventForwarder forwarder = Start(log, new Uri(centre.Url));
        await WriteAsync(log, [1, 2]);
        await UntilAsync(() => _metrics.EventsDropped.WithLabels("refused").Value == 2, "two are refused");
        await WriteAsync(log, [3]);
        await UntilAsync(() => _metrics.EventsDropped.WithLabels("refused").Value == 3, "and another");
        await forwarder.StopAsync(default);
        _metrics.EventsSent.Value.Should().Be(0);
        _said.Messages.Should().ContainSingle(m => m.Contains("may not send of their hosts", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("")]
    [InlineData("<html>please sign in</html>")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("{\"after\":9,\"refused\":0,\"chain\":[\"\\ud800\"]}")]
    public async Task A_200_that_is_no_answer_of_a_metricsd_confirms_nothing_and_is_tried_again(string page)
    {
        int asked = 0;
        using var proxy = new LocalServer(async context =>
        {
            bool isPage = Interlocked.Increment(ref asked) <= 3;
            await context.Response.OutputStream.WriteAsync(
                isPage ? Encoding.UTF8.GetBytes(page) : new ForwardAnswer(long.MaxValue, 0).ToUtf8());
        });
        var link = new ForwardLink();
        await using EventLog log = Open();
        await WriteAsync(log, [1]);
        using EventForwarder forwarder = Start(log, new Uri(proxy.Url), link);
        await UntilAsync(() => link.Trouble is not null, "it is noticed");
        link.Trouble.Should().StartWith("HTTP 200, but no answer of a metricsd");
        link.Closed.Should().BeNull("it is no circle");
        await UntilAsync(() => link.Trouble is null, "it is tried again until the centre answers");
        (_metrics.Requests.WithLabels("error").Value, _metrics.Requests.WithLabels("200").Value > 0).Should().Be((3, true));
        _metrics.EventsSent.Value.Should().Be(0);
        await forwarder.StopAsync(default);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public async Task In_a_circle_one_alone_sends_nothing_and_what_the_others_send_comes_once(int count)
    {
        int[] ports = [.. Enumerable.Range(0, count).Select(_ => LocalServer.FreePort())];
        var daemons = new List<RunningDaemon>();
        try
        {
            for (int n = 0; n < count; n++)
            {
                daemons.Add(await RunningDaemon.StartAsync(
                    $"listen: 127.0.0.1:{ports[n]}\nforward: {{ url: 'http://127.0.0.1:{ports[(n + 1) % count]}', node: n{n} }}\n"));
            }
            List<ForwardLink> links = [.. daemons.Select(d => d.Services.GetRequiredService<ForwardLink>())];
            ForwardLink smallest = links.MinBy(l => l.Session, StringComparer.Ordinal)!;
            await Eventually.Async(
                () => links.All(l => l.Known.IsCompleted && l.Trouble is null != (l == smallest)), "one of them breaks the circle");
            smallest.Closed.Should().Contain("forwards to this metricsd again");
            int first = (links.IndexOf(smallest) + 1) % count;
            (await daemons[first].AskAsync("POST", "/api/v1/events", body: new StringContent("{\"kind\":\"t\",\"body\":\"one\"}")))
                .Status.Should().Be(204);
            RunningDaemon last = daemons[links.IndexOf(smallest)];
            await Eventually.Async(async () => (await BodiesAsync(last)).Contains("one"), "it comes to the last");
            foreach (RunningDaemon daemon in daemons)
                (await BodiesAsync(daemon)).Count(b => b == "one").Should().Be(1);
            links.Count(l => l.Closed is not null).Should().Be(1);
        }
        finally
        {
            foreach (RunningDaemon daemon in daemons)
                await daemon.DisposeAsync();
        }
    }

    [Fact]
    public async Task While_the_centre_is_away_the_oldest_that_waits_is_known()
    {
        await using EventLog log = Open();
        await WriteAsync(log, [1]);
        using EventForwarder forwarder = Start(log, new Uri("http://127.0.0.1:1"));
        await UntilAsync(() => _metrics.Requests.WithLabels("error").Value >= 3, "it is tried again and again");
        using var page = new MemoryStream();
        await _registry.WriteAsync(page, default);
        string text = Encoding.UTF8.GetString(page.ToArray());
        double lag = double.Parse(
            text.Split('\n').Single(l => l.StartsWith("metricsd_forward_lag_seconds{what=\"events\"} ", StringComparison.Ordinal))
                .Split(' ')[1],
            CultureInfo.InvariantCulture);
        lag.Should().BeGreaterThan(1);
        text.Should().Contain("metricsd_forward_up{centre=\"http://127.0.0.1:1/\"} 0");
        await forwarder.StopAsync(default);
    }

    public void Dispose() => Directory.Delete(_folder, true);

    /// <returns>The id of the first event.</returns>
    private async Task<long> SendAllButOneAsync(LocalServer centre, int count)
    {
        await using EventLog log = Open();
        await WriteAsync(log, Enumerable.Range(0, count));
        using EventForwarder forwarder = Start(log, new Uri(centre.Url));
        await UntilAsync(() => _metrics.EventsSent.Value >= count - 1, "all but one are sent");
        await forwarder.StopAsync(default);
        return log.FirstId;
    }

    private EventLog Open()
    {
        StorageOptions options = MetricsOptions.Parse($"storage: {{ path: '{_folder}' }}").Storage;
        var log = new EventLog(
            options, new EventLogOptions(), new EventLogMetrics(new MetricRegistry()), _time, NullLogger<EventLog>.Instance);
        log.Open();
        return log;
    }

    private EventForwarder Start(EventLog log, Uri centre, ForwardLink? link = null)
    {
        ForwardOptions options = MetricsOptions.Parse($"forward: {{ url: '{centre}', node: n1 }}").Forward!;
        var forwarder = new EventForwarder(options, log, link ?? new ForwardLink(), _metrics, _time, _said);
        _ = forwarder.StartAsync(default);
        return forwarder;
    }

    private static async Task<string[]> LinesAsync(Stream packed)
    {
        using var reader = new StreamReader(new GZipStream(packed, CompressionMode.Decompress));
        return (await reader.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>Lets the node's clock go on until something has come about.</summary>
    private Task UntilAsync(Func<bool> condition, string what) => Eventually.Async(() =>
    {
        _time.Advance(TimeSpan.FromMilliseconds(100));
        return condition();
    }, what);

    private async Task WriteAsync(EventLog log, IEnumerable<int> numbers, string path = "")
    {
        long now = _time.GetUtcNow().ToUnixTimeMilliseconds() * 1_000_000;
        using var batch = new EventBatch("t");
        foreach (int number in numbers)
        {
            batch.Add(now, now, "log", 9, $"{number}");
            batch.AddField(EventFields.LogFilePath, path);
        }
        log.Number(batch);
        await log.WriteAsync([batch], default);
    }

    private static async Task<List<string>> BodiesAsync(RunningDaemon centre)
    {
        var bodies = new List<string>();
        for (string? after = "0"; after is not null;)
        {
            (_, string page) = await centre.AskAsync("GET", $"/api/v1/events?order=oldest&limit=10000&after={after}");
            JsonElement data = JsonDocument.Parse(page).RootElement.GetProperty("data");
            bodies.AddRange(data.GetProperty("events").EnumerateArray().Select(e => e.GetProperty("body").GetString()!));
            after = data.GetProperty("next").ValueKind == JsonValueKind.Null ? null : data.GetProperty("next").ToString();
        }
        return bodies;
    }
}
