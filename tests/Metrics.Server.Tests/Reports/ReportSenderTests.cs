using Metrics.Alerting;
using Metrics.Configuration;
using Metrics.Hosting;
using Metrics.Notifiers;
using Metrics.Reports;
using Metrics.Storage;
using Metrics.Storage.State;
using Metrics.Telemetry;
using Metrics.Tests.Alerting;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Metrics.Tests.Reports;

/// <summary>When reports go, over a real state file.</summary>
public sealed class ReportSenderTests : IDisposable
{
    private static readonly DateTimeOffset s_evening = new(2026, 11, 27, 20, 0, 0, TimeSpan.Zero);

    private readonly string _folder = Directory.CreateTempSubdirectory("reports").FullName;
    private readonly FakeTimeProvider _time = new(s_evening);
    private readonly Part _part = new();
    private readonly Current<NotificationOptions> _notifications;
    private readonly Current<IReadOnlyList<ReportOptions>> _reports;
    private StateStore _state;
    private ReportSender _sender;

    public ReportSenderTests()
    {
        MetricsOptions options = Options("{ name: daily, receiver: mail }");
        (_notifications, _reports) = (new(options.Notifications), new(options.Reports));
        (_state, _sender) = Start();
    }

    public void Dispose()
    {
        _sender.Dispose();
        _state.Dispose();
        SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, true);
    }

    [Fact]
    public async Task It_goes_once_each_morning_also_over_restarts_and_is_about_the_time_since_it_went()
    {
        await LookAsync(s_evening);
        Sent().Should().BeEmpty("it was not due since it was asked for");
        await LookAsync(s_evening.AddHours(10.9));
        Sent().Should().BeEmpty();
        await LookAsync(s_evening.AddHours(11));
        Sent().Should().Equal("[REPORT] daily: 2026-11-27 07:00 to 2026-11-28 07:00 UTC");
        await LookAsync(s_evening.AddHours(12));
        Restart();
        await LookAsync(s_evening.AddHours(13));
        Sent().Should().HaveCount(1);
        await LookAsync(s_evening.AddHours(35.5));
        Sent().Should().HaveCount(2).And.HaveElementAt(1, "[REPORT] daily: 2026-11-28 07:00 to 2026-11-29 07:00 UTC");
        AuditTexts().Should().HaveCount(2);
        using StateDb db = _state.Open();
        db.Outbox.Select(o => o.Target).Distinct().ToList().Should().Equal(["mail/email/0"], "a report is no message for a webhook");
    }

    [Fact]
    public async Task A_time_that_fell_into_a_stop_is_made_up_for_also_the_first_one()
    {
        await LookAsync(s_evening);
        Restart();
        await LookAsync(s_evening.AddHours(14));
        Sent().Should().ContainSingle();
        Restart();
        await LookAsync(s_evening.AddDays(30).AddHours(14));
        Sent().Should().HaveCount(2, "only the newest goes")
            .And.HaveElementAt(1, "[REPORT] daily: 2026-12-27 07:00 to 2026-12-28 07:00 UTC");
    }

    [Fact]
    public async Task What_cannot_be_had_for_now_is_waited_for_an_hour()
    {
        await LookAsync(s_evening);
        _part.Fault = new StoreException("busy");
        await LookAsync(s_evening.AddHours(11));
        await LookAsync(s_evening.AddHours(11).AddMinutes(4));
        _part.Asked.Should().Be(1, "it is not asked again and again");
        Sent().Should().BeEmpty();
        _part.Fault = null;
        await LookAsync(s_evening.AddHours(11).AddMinutes(6));
        Payloads().Single().Should().Contain("all is well");

        _part.Fault = new StoreException("busy");
        await LookAsync(s_evening.AddHours(35));
        await LookAsync(s_evening.AddHours(36.1));
        Payloads().Should().HaveCount(2).And.Subject.Last().Should().Contain("Not known: busy");
    }

    [Fact]
    public async Task What_a_state_that_is_made_anew_has_lost_of_them_is_written_again()
    {
        await LookAsync(s_evening);
        using (StateDb db = _state.Open())
            db.Reports.ExecuteDelete();
        _state.Restore("it was damaged");
        Restart();
        await LookAsync(s_evening.AddHours(14));
        Sent().Should().ContainSingle("it was asked for the evening before");
    }

    [Fact]
    public async Task A_clock_that_was_far_ahead_keeps_no_report_back()
    {
        await LookAsync(s_evening);
        await LookAsync(s_evening.AddDays(400).AddHours(11));
        Sent().Should().ContainSingle();
        await LookAsync(s_evening.AddHours(10));
        await LookAsync(s_evening.AddHours(11));
        Sent().Should().HaveCount(2);
    }

    [Fact]
    public async Task What_is_not_asked_for_any_more_does_not_go_and_another_receiver_gets_it_from_then_on()
    {
        await LookAsync(s_evening);
        _reports.Value = [];
        await LookAsync(s_evening.AddHours(11));
        Sent().Should().BeEmpty();
        MetricsOptions other = Options("{ name: daily, receiver: office }");
        _reports.Value = other.Reports;
        await LookAsync(s_evening.AddHours(11.5));
        using StateDb db = _state.Open();
        db.Outbox.Single().Target.Should().Be("office/email/0");
    }

    private static MetricsOptions Options(string report) => MetricsOptions.Parse($$"""
        global: { smtp_smarthost: '127.0.0.1:25', smtp_from: m@x.example }
        route: { receiver: mail }
        receivers:
          - { name: mail, email_configs: [ { to: ops@x.example } ], webhook_configs: [ { url: 'http://127.0.0.1:9/' } ] }
          - { name: office, email_configs: [ { to: office@x.example } ] }
        reports: [ {{report}} ]
        """);

    private async Task LookAsync(DateTimeOffset at)
    {
        _time.AdjustTime(at);
        await _sender.SendDueAsync("daily", TestContext.Current.CancellationToken);
    }

    private IEnumerable<string> Sent() => Payloads().Select(p => AlertMessage.FromJson(p)).Select(MessageText.Title);

    private List<string> Payloads()
    {
        using StateDb db = _state.Open();
        return [.. db.Outbox.OrderBy(o => o.Id).Select(o => o.Payload)];
    }

    private List<string> AuditTexts()
    {
        using StateDb db = _state.Open();
        return [.. db.Audit.Where(a => a.What == "reported").Select(a => a.Text)];
    }

    private void Restart()
    {
        _sender.Dispose();
        _state.Dispose();
        (_state, _sender) = Start();
    }

    private (StateStore, ReportSender) Start()
    {
        var registry = new MetricRegistry();
        var metrics = new NotificationMetrics(registry);
        StateStore state = AlertingRoom.OpenState(_folder, _time, registry);
        var history = new HistoryWriter(state, new AlertMetrics(registry), _time);
        var outbox = new Outbox(state, _notifications, history, null!, metrics, _time, NullLogger<Outbox>.Instance);
        return (state, new ReportSender(
            _notifications, _reports, new ReportMaker([_part]), new ReportTimes(state), outbox, metrics, _time,
            NullLogger<ReportSender>.Instance));
    }

    private sealed class Part : ReportSource
    {
        public StoreException? Fault { get; set; }

        public int Asked { get; private set; }

        public override string Title => "Part";

        public override Task<IReadOnlyList<ReportPart>> MakeAsync(ReportSpan span, CancellationToken ct)
        {
            Asked++;
            return Fault is null ? Task.FromResult<IReadOnlyList<ReportPart>>([ReportPart.Of(Title, "all is well")]) : throw Fault;
        }
    }
}
