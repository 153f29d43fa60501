using System.Globalization;
using System.Text;
using Metrics.Formats.Logs;
using Metrics.Hosting;
using Metrics.Inputs;
using Metrics.Inputs.Logs;
using Metrics.Inputs.Syslog;
using Metrics.Intake;
using Metrics.Model;
using Metrics.Pollers;
using Metrics.Pollers.Self;
using Metrics.Query;
using Metrics.Query.Engine;
using Metrics.Series;
using Metrics.Telemetry;
using Microsoft.Extensions.Time.Testing;

namespace Metrics.Tests.Intake;

/// <summary>Lines of logs are counted by host, service and level, and PromQL sees the counts.</summary>
public sealed class LogCountsTests
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 27, 12, 0, 0, TimeSpan.Zero));
    private readonly MetricRegistry _registry = new();
    private readonly IntakeMetrics _metrics;
    private readonly LogCounts _counts;
    private readonly Head _head = new(HeadOptions.Default);
    private readonly TargetSeries _series = new([new Label("job", "metricsd"), new Label("instance", "here")]);
    private readonly SelfPoller _poller;

    public LogCountsTests()
    {
        _metrics = new IntakeMetrics(_registry);
        _counts = new LogCounts(_metrics, _time);
        _poller = new SelfPoller(_registry, _counts);
    }

    [Fact]
    public async Task Lines_by_syslog_and_from_a_file_are_series()
    {
        var syslog = new SyslogBatch("syslog/test", TimeZoneInfo.Utc, new InputCounters(), _time);
        syslog.Begin();
        syslog.Add("<11>1 2026-11-27T12:00:00Z edge-1 backup 7 - - disk is full"u8, "10.0.0.1", wasCut: false);
        syslog.Add(
            "<38>1 2026-11-27T12:00:00Z edge-1 sshd 8 - - Accepted password for ann from 10.0.0.9 port 22 ssh2"u8, "10.0.0.1",
            wasCut: false);
        Take(syslog.Take()!);
        LogsOptions options = MetricsOptions.Parse("inputs: { logs: [ { name: nova, paths: [/var/log/*.log] } ] }")
            .Inputs.Inputs.OfType<LogsOptions>().Single();
        var file = new LogBatch(options, new InputCounters(), _time);
        var reader = new LogReader(LogFormats.All, new LogContext(TimeZoneInfo.Utc));
        file.Begin();
        file.Add(reader, "2026-11-27 12:00:00.123 7 ERROR nova.compute.manager [-] it failed"u8, "/var/log/a.log", "nova-compute", 0);
        file.Add(reader, "something else"u8, "/var/log/a.log", "nova-compute", 70);
        file.Note(EventKinds.LogTruncated, "/var/log/a.log", "nova-compute", "the collector's own note is no line");
        Take(file.Take()!);

        await PollAsync();
        Ask("sum by (level)(log_messages_total)").Should().Equal(
            "level=err 2", "level=info 1", "level=unknown 1");
        Ask("log_messages_total{host=\"edge-1\",service=\"sshd\",job=\"metricsd\"}").Should().Equal(
            "host=edge-1 instance=here job=metricsd level=info service=sshd 1");
        Ask("sum by (service)(log_messages_total{level=\"err\"})").Should().Equal("service=backup 1", "service=nova 1");
    }

    [Fact]
    public async Task Events_are_series_by_host_kind_outcome_and_level_whoever_sends_them()
    {
        var syslog = new SyslogBatch("syslog/test", TimeZoneInfo.Utc, new InputCounters(), _time);
        syslog.Begin();
        syslog.Add(
            "<38>1 2026-11-27T12:00:00Z edge-1 sshd 8 - - Accepted password for ann from 10.0.0.9 port 22 ssh2"u8, "10.0.0.1",
            wasCut: false);
        for (int n = 0; n < 3; n++)
        {
            syslog.Add(
                "<38>1 2026-11-27T12:00:00Z edge-1 sshd 8 - - Failed password for ann from 10.0.0.9 port 22 ssh2"u8, "10.0.0.1",
                wasCut: false);
        }
        syslog.Add("<38>1 2026-11-27T12:00:00Z edge-1 backup 7 - - done"u8, "10.0.0.1", wasCut: false);
        Take(syslog.Take()!);
        using var pushed = new EventBatch("push/test");
        pushed.Add(1, 1, EventKinds.IdsAlert, 17, "ET EXPLOIT");
        pushed.AddField(EventFields.Host, "net-1");
        _counts.Count(pushed);

        await PollAsync();
        Ask("events_total{job=\"metricsd\"}").Should().BeEquivalentTo(
            "host=edge-1 instance=here job=metricsd kind=host.login level=info outcome=success 1",
            "host=edge-1 instance=here job=metricsd kind=host.login level=info outcome=failure 3",
            "host=net-1 instance=here job=metricsd kind=ids.alert level=err 1");
    }

    [Fact]
    public async Task Hosts_and_kinds_that_somebody_makes_up_are_counted_as_of_another()
    {
        using var pushed = new EventBatch("push/test");
        for (int n = 0; n < 3_000; n++)
        {
            pushed.Add(1, 1, n % 2 == 0 ? EventKinds.HostLogin : $"kind.{n}", 9, "x");
            pushed.AddField(EventFields.Host, $"h{n}");
        }
        _counts.Count(pushed);
        await PollAsync();
        Ask("count(events_total)").Should().Equal($"{EventCounts.MaxSeries + 2}");
        Ask("sum by (kind) (events_total{host=\"other\"})").Should().BeEquivalentTo("kind=host.login 500", "kind=other 500");
        _metrics.LinesAsOther.WithLabels("events").Value.Should().Be(1_000);
    }

    [Fact]
    public async Task Requests_that_lines_tell_are_series_too_whoever_tells_them()
    {
        TakeFile("nova-api",
            "2026-11-27 12:00:00.123 7 INFO nova.osapi_compute.wsgi.server [-] 192.0.2.7 \"GET /v2.1/servers HTTP/1.1\" "
                + "status: 200 len: 1893 time: 0.2477829",
            "2026-11-27 12:00:00.124 7 INFO nova.compute.api [-] something else");
        TakeFile("keystone_access",
            "192.0.2.7 - - [27/Nov/2026:12:00:00 +0000] \"POST /v3/auth/tokens HTTP/1.1\" 201 489 \"-\" \"keystoneauth1/5.3.0\"",
            "192.0.2.7 - - [27/Nov/2026:12:00:00 +0000] \"POST /v3/auth/tokens HTTP/1.1\" 503 489 \"-\" \"keystoneauth1/5.3.0\"");
        var syslog = new SyslogBatch("syslog/test", TimeZoneInfo.Utc, new InputCounters(), _time);
        syslog.Begin();
        syslog.Add(
            Encoding.UTF8.GetBytes("<134>1 2026-11-27T12:00:00Z lb-1 haproxy 7 - - 192.0.2.7:33317 [27/Nov/2026:12:00:00.655] glance_api "
                + "glance_api_back/ctl-1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 \"GET /v2/images HTTP/1.1\""),
            "10.0.0.1", wasCut: false);
        Take(syslog.Take()!);

        await PollAsync();
        Ask("sum by (service, level, status, server) (log_requests_total)").Should().Equal(
            "level=info server=glance_api_back/ctl-1 service=haproxy status=2xx 1", "level=info service=nova status=2xx 1",
            "level=unknown service=keystone_access status=2xx 1", "level=unknown service=keystone_access status=5xx 1");
        Ask("sum (log_messages_total)").Should().Equal("5");
    }

    [Fact]
    public void Series_of_requests_have_a_bound_and_none_is_lost_beyond_it()
    {
        for (int i = 0; i < RequestCounts.MaxSeries + 10; i++)
            Take(Request("web", $"back/server-{i}"));
        Take(Request("web", new string('x', LogCounts.MaxNameLength + 1)), Request("web", "back/server-0"));
        List<LogCount> counts = [.. _counts.Take().Where(c => c.Metric == RequestCounts.Requests)];
        counts.Should().HaveCount(RequestCounts.MaxSeries);
        counts.Sum(c => c.Lines).Should().Be(RequestCounts.MaxSeries + 12);
        counts.Should().ContainSingle(c => c.Series["service"] == LogCounts.Other).Which.Lines.Should().Be(12);
        _metrics.LinesAsOther.WithLabels("requests").Value.Should().Be(12);
        _time.Advance(LogCounts.Kept + TimeSpan.FromHours(1));
        _counts.Take().Should().BeEmpty("nobody was asked for a day");
    }

    [Theory]
    [InlineData("EMERG emergency fatal Panic emerg", "emerg")]
    [InlineData("ALERT alert", "alert")]
    [InlineData("CRITICAL crit", "crit")]
    [InlineData("ERROR err Error", "err")]
    [InlineData("WARNING warn WRN", "warning")]
    [InlineData("notice NOTE AUDIT", "notice")]
    [InlineData("INFO info informational", "info")]
    [InlineData("DEBUG dbg", "debug")]
    [InlineData("TRACE", "trace")]
    [InlineData("verbose", "unknown")]
    public void Levels_have_one_vocabulary(string words, string level)
    {
        foreach (string word in words.Split(' '))
            LevelWords.Of(Encoding.UTF8.GetBytes(word), 0).Should().Be(level, word);
    }

    [Fact]
    public void A_word_that_nobody_knows_goes_by_the_severity_and_none_at_all_is_unknown()
    {
        Enumerable.Range(0, 25).Select(n => LevelWords.Of("Sonderfall"u8, (byte)n)).Distinct().Should().Equal(LevelWords.All);
        LevelWords.Of(""u8, 17).Should().Be("unknown");
    }

    [Fact]
    public void Every_word_that_readers_of_logs_know_has_its_level()
    {
        string[] words =
        [
            "audit", "alert", "critical", "crit", "debug", "dbg", "error", "err", "emerg", "emergency", "emer", "fatal", "info", "inf",
            "notice", "note", "trace", "trace8", "warning", "warn", "wrn",
        ];
        foreach (string word in words)
        {
            byte number = LogLevels.NumberOf(Encoding.UTF8.GetBytes(word));
            number.Should().BePositive(word);
            LevelWords.Of(Encoding.UTF8.GetBytes(word), number).Should().Be(LevelWords.Of("?"u8, number), word);
        }
    }

    [Fact]
    public void Services_of_one_host_beyond_the_bound_are_one()
    {
        for (int i = 0; i < 200; i++)
            Take(Line("edge-1", $"service-{i}", "info"), Line("edge-1", $"service-{i}", "err"), Line("edge-2", "sshd", "info"));
        List<string> hosts = [.. _counts.Take().Select(Text)];
        hosts.Should().HaveCount((2 * 50) + 2 + 1)
            .And.Contain("edge-1 other info 150").And.Contain("edge-1 other err 150")
            .And.Contain("edge-1 service-49 err 1").And.Contain("edge-2 sshd info 200");
        _metrics.LinesAsOther.WithLabels("services").Value.Should().Be(300);
    }

    [Fact]
    public void Series_have_a_bound_and_no_line_is_lost_beyond_it()
    {
        for (int i = 0; i < 5_000; i++)
            Take(Line($"host-{i}", "sshd", i % 2 == 0 ? "info" : "err"));
        Take(Line("host-0", "sshd", "info"));
        foreach (string level in LevelWords.All)
            Take(Line("another", "one", level));
        IReadOnlyList<LogCount> counts = _counts.Take();
        counts.Should().HaveCount(LogCounts.MaxSeries);
        counts.Sum(c => c.Lines).Should().Be(5_001 + LevelWords.All.Count);
        counts.Select(Text).Should().Contain("host-0 sshd info 2").And.Contain("other other info 1506");
        _metrics.LinesAsOther.WithLabels("series").Value.Should().Be(5_000 - 1_990 + LevelWords.All.Count);
    }

    [Fact]
    public void Requests_are_counted_as_their_lines_are_also_beyond_the_bounds_of_those()
    {
        for (int i = 0; i < LogCounts.MaxServices; i++)
            Take(Line("", $"service-{i}", "info"));
        Take(Request("nova", ""), Request(new string('x', LogCounts.MaxNameLength + 1), ""));
        IReadOnlyList<LogCount> counts = _counts.Take();
        string[] Of(Metric metric) => [.. counts.Where(c => c.Metric == metric && c.Series["level"] == "unknown").Select(Text)];
        Of(LogCounts.Lines).Should().Equal(" other unknown 2");
        Of(RequestCounts.Requests).Should().Equal(Of(LogCounts.Lines), "they are taken away from them");
    }

    [Theory]
    [InlineData("""{"level":"error","msg":"it failed"}""", "err")]
    [InlineData("""{"log":"{\"level\":\"warn\",\"msg\":\"slow\"}\n","stream":"stderr"}""", "warning")]
    [InlineData("""{"msg":"a line of another","context":{"level":"error"}}""", "unknown")]
    [InlineData("""{"msg":"no level"}""", "unknown")]
    [InlineData("level=error of no JSON", "unknown")]
    public void A_line_that_is_JSON_has_the_level_that_it_names(string line, string level)
    {
        using var batch = new EventBatch("test", 1);
        batch.Add(1, 1, EventKinds.Log, 0, line);
        batch.AddField(EventFields.Host, "edge-1");
        _counts.Count(batch);
        _counts.Take().Select(Text).Should().Equal($"edge-1  {level} 1");
    }

    [Fact]
    public void A_name_beyond_the_bound_is_no_label()
    {
        string name = new('x', LogCounts.MaxNameLength + 1);
        Take(Line(name, name, "info"), Line("edge-1", name, "info"));
        _counts.Take().Select(Text).Should().Equal("other other info 1", "edge-1 other info 1");
        _metrics.LinesAsOther.WithLabels("length").Value.Should().Be(2);
    }

    [Fact]
    public void A_series_without_a_line_for_a_day_is_dropped_and_makes_room()
    {
        for (int i = 0; i < LogCounts.MaxServices; i++)
            Take(Line("edge-1", $"service-{i}", "info"));
        _time.Advance(TimeSpan.FromHours(23));
        Take(Line("edge-1", "service-7", "info"), Line("edge-1", "new", "info"));
        _time.Advance(TimeSpan.FromHours(2));
        _counts.Take().Select(Text).Should().Equal("edge-1 service-7 info 2", "edge-1 other info 1");
        Take(Line("edge-1", "new", "info"), Line("edge-1", "service-8", "info"));
        _counts.Take().Select(Text).Should().Contain("edge-1 new info 1").And.Contain("edge-1 service-8 info 1", "it begins at 0 again");
    }

    [Fact]
    public async Task An_increase_sees_the_first_lines_of_a_series_too_and_a_dropped_series_ends()
    {
        await PollAsync();
        _time.Advance(TimeSpan.FromSeconds(15));
        Take(Line("edge-1", "sshd", "err"), Line("edge-1", "sshd", "err"));
        await PollAsync();
        _time.Advance(TimeSpan.FromSeconds(15));
        await PollAsync();
        Ask("increase(log_messages_total[1m])").Should().ContainSingle().Which.Should().EndWith(" 2");
        _time.Advance(LogCounts.Kept);
        await PollAsync();
        Ask("log_messages_total").Should().BeEmpty();
    }

    [Fact]
    public void Counting_a_line_again_allocates_nothing()
    {
        using EventBatch batch = Line("edge-1", "sshd", "ERROR"), request = Request("haproxy", "keystone/ctl-1");
        Take(Line("edge-1", "sshd", "ERROR"));
        _counts.Count(batch);
        for (int i = 0; i < 2; i++)
            _counts.Count(request);
        Allocations.Of(() =>
        {
            for (int i = 0; i < 10_000; i++)
            {
                _counts.Count(batch);
                _counts.Count(request);
            }
        }).Should().Be(0);
    }

    private static EventBatch Line(string host, string service, string level)
    {
        var batch = new EventBatch("test", 1);
        batch.Add(1, 1, EventKinds.Log, 0, "text");
        batch.AddField(EventFields.Host, host);
        batch.AddField(EventFields.Service, service);
        batch.AddField(EventFields.Level, level);
        return batch;
    }

    private static EventBatch Request(string service, string server)
    {
        var batch = new EventBatch("test", 1);
        batch.Add(1, 1, EventKinds.HttpRequest, 0, "text");
        batch.AddField(EventFields.Dataset, "haproxy");
        batch.AddField(EventFields.Service, service);
        batch.AddField(EventFields.DestinationDomain, server);
        batch.AddField(EventFields.HttpStatus, "200");
        return batch;
    }

    private void TakeFile(string service, params string[] lines)
    {
        LogsOptions options = MetricsOptions.Parse("inputs: { logs: [ { name: nova, paths: [/var/log/*.log] } ] }")
            .Inputs.Inputs.OfType<LogsOptions>().Single();
        var file = new LogBatch(options, new InputCounters(), _time);
        var reader = new LogReader(LogFormats.All, new LogContext(TimeZoneInfo.Utc));
        file.Begin();
        foreach (string line in lines)
            file.Add(reader, Encoding.UTF8.GetBytes(line), "/var/log/a.log", service, 0);
        Take(file.Take()!);
    }

    private void Take(params EventBatch[] batches)
    {
        foreach (EventBatch batch in batches)
        {
            using (batch)
                _counts.Count(batch);
        }
    }

    private async Task PollAsync()
    {
        long now = _time.GetUtcNow().ToUnixTimeMilliseconds();
        using var batch = new SampleBatch("metricsd/here");
        _series.Begin();
        await _poller.PollAsync(new SampleSink(_series, batch, now), default);
        _series.End(batch, now, failed: false);
        _head.Append(batch, now);
    }

    private List<string> Ask(string promql)
    {
        PreparedQuery.TryParse(promql, out PreparedQuery? query, out QueryError? error).Should().BeTrue(error?.Message);
        QueryResult result = new QueryEngine().Instant(query!, _head, _time.GetUtcNow().ToUnixTimeMilliseconds());
        return [.. result.Vector.Select(v => Text(v.Labels, v.Sample.Value)).Order(StringComparer.Ordinal)];
    }

    private static string Text(Labels labels, double value)
    {
        IEnumerable<string> own = labels.Where(l => l.Name != Labels.MetricName).Select(l => $"{l.Name}={l.Value}");
        return string.Join(' ', own.Append(value.ToString(CultureInfo.InvariantCulture)));
    }

    private static string Text(LogCount count) =>
        $"{count.Series["host"]} {count.Series["service"]} {count.Series["level"]} {count.Lines}";
}
