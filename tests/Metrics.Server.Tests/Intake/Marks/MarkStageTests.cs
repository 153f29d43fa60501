using Metrics.Configuration;
using Metrics.Hosting;
using Metrics.Intake;
using Metrics.Intake.Marks;
using Metrics.Model;
using Metrics.Series;
using Metrics.Storage;
using Metrics.Storage.Events;
using Metrics.Telemetry;
using Microsoft.Extensions.Time.Testing;

namespace Metrics.Tests.Intake.Marks;

public sealed class MarkStageTests
{
    private FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 2, 12, 0, 0, TimeSpan.Zero));
    private readonly Dictionary<string, string> _stored = [];
    private readonly Current<EventLogOptions> _options = new(new EventLogOptions());
    private readonly Current<EventCalendar> _calendar = new(new EventCalendar([], null));
    private MarkMetrics _metrics;
    private MarkStage _stage;

    public MarkStageTests() => (_metrics, _stage) = NewStage();

    [Fact]
    public async Task An_account_and_an_origin_that_never_were_are_told_once_and_routine_of_a_fortnight_is_not()
    {
        for (int day = 0; day < 14; day++)
        {
            (await FirstAsync(Login("ctl-1", "ann", $"10.0.0.{day + 1}"))).Should().Be("");
            (await FirstAsync(Login("ctl-1", "bob", "2001:db8::1"))).Should().Be("");
            _time.Advance(TimeSpan.FromDays(1));
        }
        (await FirstAsync(Login("ctl-1", "eve", "203.0.113.7"))).Should().Be("account,origin");
        (await FirstAsync(Login("ctl-1", "eve", "203.0.113.7"))).Should().Be("", "it is known now");
        (await FirstAsync(Login("ctl-1", "ann", "203.0.113.7"))).Should().Be("origin");
        (await FirstAsync(Login("ctl-1", "ann", "203.0.113.99"))).Should().Be("", "it is the same network");
        (await FirstAsync(Login("ctl-1", "bob", "2001:db8::2"))).Should().Be("", "it is the same network");
        (await FirstAsync(Login("ctl-1", "bob", "2001:db8:0:1::2"))).Should().Be("origin");
        (await FirstAsync(Login("ctl-1", "bob", ""))).Should().Be("", "it was at the console, and says no origin");
    }

    [Fact]
    public async Task A_machine_is_listened_to_first_however_long_others_were()
    {
        await FirstAsync(Login("old", "ann", "10.0.0.1"));
        _time.Advance(TimeSpan.FromDays(8));
        (await FirstAsync(Login("new", "ann", "10.0.0.1"))).Should().Be("");
        (await FirstAsync(Login("new", "bob", "10.0.0.1"))).Should().Be("origin", "origins are those of the account, wherever it logs in");
        (await FirstAsync(Login("old", "bob", "10.0.0.1"))).Should().Be("account");
    }

    [Fact]
    public async Task Old_logs_teach_when_they_are_read_later()
    {
        (await FirstAsync(Login("ctl-1", "ann", "10.0.0.1", daysAgo: 20))).Should().Be("");
        (await FirstAsync(Login("ctl-1", "eve", "10.0.0.1"))).Should().Be("account,origin");
        (await FirstAsync(Login("ctl-1", "ann", "10.0.0.1"))).Should().Be("");
    }

    [Fact]
    public async Task What_failed_teaches_nothing_and_is_never_the_first()
    {
        await FirstAsync(Login("ctl-1", "ann", "10.0.0.1"));
        _time.Advance(TimeSpan.FromDays(8));
        Event failed = Login("ctl-1", "eve", "203.0.113.7", outcome: "failure");
        (await FirstAsync(failed)).Should().Be("");
        (await FirstAsync(Login("ctl-1", "eve", "203.0.113.7"))).Should().Be("account,origin");
    }

    [Fact]
    public async Task A_country_from_which_an_account_has_not_come_is_told_once_countries_have_been_heard_for_long_enough()
    {
        for (int day = 0; day < 9; day++)
        {
            (await FirstAsync(Identity("ann", "203.0.113.1", ""))).Should().Be("");
            _time.Advance(TimeSpan.FromDays(1));
        }
        (await FirstAsync(Identity("ann", "203.0.113.1", "DE"))).Should().Be("", "the database is there since today");
        _time.Advance(TimeSpan.FromDays(8));
        (await FirstAsync(Identity("ann", "203.0.113.1", "DE"))).Should().Be("");
        (await FirstAsync(Identity("ann", "203.0.113.2", "FR"))).Should().Be("country");
        (await FirstAsync(Identity("ann", "203.0.113.2", "FR"))).Should().Be("");
        (await FirstAsync(Identity("bob", "198.51.100.7", "FR"))).Should().Be("origin,country");
    }

    [Fact]
    public async Task Who_gets_in_from_a_new_network_that_nobody_reaches_in_that_time_is_told_and_who_works_from_two_places_is_not()
    {
        for (int day = 0; day < 9; day++)
        {
            (await TravelAsync(Identity("ann", "203.0.113.1", "DE", "52.52,13.4"))).Should().Be("");
            (await TravelAsync(Identity("robot", "203.0.113.1", "DE", "52.52,13.4"))).Should().Be("");
            (await TravelAsync(Identity("robot", "198.51.100.1", "US", "37.77,-122.42"))).Should().Be("", "nothing is known of it yet");
            _time.Advance(TimeSpan.FromDays(1));
        }
        (await TravelAsync(Identity("ann", "203.0.113.1", "DE", "52.52,13.4"))).Should().Be("");
        (await TravelAsync(Identity("robot", "203.0.113.1", "DE", "52.52,13.4"))).Should().Be("");
        _time.Advance(TimeSpan.FromHours(2));
        (await TravelAsync(Identity("robot", "198.51.100.1", "US", "37.77,-122.42"))).Should().Be("", "it is there every day");
        (await TravelAsync(Identity("ann", "198.51.100.1", "US", "37.77,-122.42") with { Kind = EventKinds.HostLogin })).Should().Be("");
        (await TravelAsync(Identity("ann", "192.0.2.1", "US", "37.77,-122.42"))).Should().Be("impossible");
        (await TravelAsync(Identity("ann", "203.0.113.1", "DE", "52.52,13.4"))).Should().Be("", "that one is at home");
        (await TravelAsync(Identity("ann", "192.0.2.2", "US", "37.77,-122.42"))).Should().Be("impossible", "it is new still");
        _metrics.Marked.WithLabels("travel").Value.Should().Be(2);
    }

    [Fact]
    public async Task Once_proxies_are_trusted_the_origins_behind_them_are_learned_first()
    {
        await FirstAsync(Identity("ann", "10.0.0.4", ""));
        _time.Advance(TimeSpan.FromDays(30));
        (await FirstAsync(Behind(Identity("ann", "203.0.113.7", "")))).Should().Be("", "for a month all came from the proxy");
        (await FirstAsync(Behind(Identity("bob", "203.0.114.7", "")))).Should().Be("");
        (await FirstAsync(Identity("ann", "203.0.115.7", ""))).Should().Be("origin", "it came by no proxy");
        _time.Advance(TimeSpan.FromDays(8));
        (await FirstAsync(Behind(Identity("ann", "203.0.113.8", "")))).Should().Be("");
        (await FirstAsync(Behind(Identity("ann", "203.0.115.8", "")))).Should().Be("", "it is known, by whatever way it came");
        (await FirstAsync(Behind(Identity("ann", "198.51.100.7", "")))).Should().Be("origin");
        (await FirstAsync(Identity("ann", "198.51.100.7", ""))).Should().Be("");

        static Event Behind(Event one) => one with { Fields = [.. one.Fields, new EventField(EventFields.ProxyIp, "10.0.0.4")] };
    }

    [Fact]
    public void What_there_is_no_room_to_learn_is_familiar()
    {
        var seen = new FirstSeen();
        FirstSeenOptions options = _options.Value.FirstSeen;
        (First what, List<FirstChange> changed) = (First.LoginOrigin, []);
        long later = 2 * (long)options.Learn.TotalNanoseconds;
        seen.Hear(what.Family, "", 0, 0, changed);
        for (int n = 0; n < what.MaxKnown; n++)
        {
            if (n == what.MaxKnown - 1)
                seen.IsFamiliar(what, "", ["", "ann", "203.0.113.0/24"], later, options).Should().BeFalse();
            seen.Note(what, "", ["", $"user-{n}", "10.0.0.0/24"], 0, options, changed);
        }
        seen.IsFamiliar(what, "", ["", "ann", "203.0.113.0/24"], later, options).Should().BeTrue();
    }

    [Fact]
    public async Task Services_rights_detectors_and_the_Identity_service_have_their_firsts_too()
    {
        Event[] usual =
        [
            Of(EventKinds.ServiceStart, (EventFields.Host, "ctl-1"), (EventFields.Service, "nova-api")),
            Of(EventKinds.HostSudo, (EventFields.Host, "ctl-1"), (EventFields.UserName, "ann"), (EventFields.EffectiveUserName, "root")),
            Of(EventKinds.IdsAlert, (EventFields.Host, "ctl-1"), (EventFields.RuleName, "ET SCAN")),
            Of(EventKinds.IdentityAuthenticate, (EventFields.UserName, "ann"), (EventFields.SourceIp, "10.0.0.1")),
        ];
        foreach (Event one in usual)
            (await FirstAsync(one)).Should().Be("");
        _time.Advance(TimeSpan.FromDays(8));
        foreach (Event one in usual)
            (await FirstAsync(one)).Should().Be("");
        (await FirstAsync(Of(EventKinds.ServiceStart, (EventFields.Host, "ctl-1"), (EventFields.Service, "backdoor"))))
            .Should().Be("service");
        (await FirstAsync(Of(
            EventKinds.HostSudo, (EventFields.Host, "ctl-1"), (EventFields.UserName, "bob"), (EventFields.EffectiveUserName, "root"))))
            .Should().Be("account");
        (await FirstAsync(Of(EventKinds.IdsAlert, (EventFields.Host, "ctl-1"), (EventFields.RuleName, "ET EXPLOIT")))).Should().Be("rule");
        (await FirstAsync(Of(EventKinds.IdentityAuthenticate, (EventFields.UserName, "ann"), (EventFields.SourceIp, "10.9.0.1"))))
            .Should().Be("origin");
        (await FirstAsync(Of(EventKinds.Log, (EventFields.Host, "ctl-1"), (EventFields.UserName, "zoe")))).Should().Be("");
    }

    [Fact]
    public async Task Neither_a_restart_nor_kill_9_makes_a_known_account_new_or_begins_the_learning_anew()
    {
        await FirstAsync(Login("ctl-1", "ann", "10.0.0.1"));
        _time.Advance(TimeSpan.FromDays(8));
        (await FirstAsync(Login("ctl-1", "eve", "10.0.0.1"))).Should().Be("account,origin");
        Restart();
        (await FirstAsync(Login("ctl-1", "eve", "10.0.0.1"))).Should().Be("");
        (await FirstAsync(Login("ctl-1", "ann", "10.0.0.1"))).Should().Be("");
        (await FirstAsync(Login("ctl-1", "carl", "10.0.0.1"))).Should().Be("account,origin");
    }

    [Fact]
    public async Task What_could_not_be_stored_is_the_first_when_it_comes_again()
    {
        await FirstAsync(Login("ctl-1", "ann", "10.0.0.1"));
        _time.Advance(TimeSpan.FromDays(8));
        for (int n = 0; n < 3; n++)
            (await FirstAsync(Login("ctl-1", "eve", "10.0.0.1"), isStored: false)).Should().Be("account,origin");
        (await FirstAsync(Login("ctl-1", "eve", "10.0.0.1"))).Should().Be("account,origin");
        (await FirstAsync(Login("ctl-1", "eve", "10.0.0.1"))).Should().Be("");
    }

    [Fact]
    public async Task Who_was_away_for_longer_than_is_remembered_is_new_again_and_goes_from_the_store()
    {
        await FirstAsync(Login("ctl-1", "eve", "10.0.0.1"));
        for (int week = 0; week < 14; week++)
        {
            await FirstAsync(Login("ctl-1", "ann", "10.0.0.1"));
            _time.Advance(TimeSpan.FromDays(7));
        }
        _stored.Keys.Should().NotContain(k => k.Contains("eve"));
        (await FirstAsync(Login("ctl-1", "eve", "10.0.0.1"))).Should().Be("account,origin");
        (await FirstAsync(Login("ctl-1", "ann", "10.0.0.1"))).Should().Be("", "it came all the time");
    }

    [Fact]
    public async Task A_clock_that_goes_wrong_and_old_logs_have_nothing_forgotten()
    {
        await FirstAsync(Login("ctl-1", "ann", "10.0.0.1", daysAgo: 400));
        await FirstAsync(Login("ctl-1", "eve", "10.0.0.1", daysAgo: 399));
        _stored.Keys.Should().Contain(k => k.Contains("ann"), "it is known as long ago as the newest log");
        await FirstAsync(Login("ctl-1", "bob", "10.0.0.1"));
        DateTimeOffset now = _time.GetUtcNow();
        _time.Advance(TimeSpan.FromDays(10_000));
        (await FirstAsync(At(now.AddHours(2), Login("ctl-1", "bob", "10.0.0.1")))).Should().Be("", "the log says when it was");
        _stored.Keys.Should().Contain(k => k.Contains("bob"));
    }

    [Fact]
    public async Task An_event_of_when_the_clock_was_wrong_has_nothing_forgotten_once_it_is_right()
    {
        await FirstAsync(Login("ctl-1", "ann", "10.0.0.1"));
        Dictionary<string, string> right = new(_stored);
        DateTimeOffset now = _time.GetUtcNow();
        _time.Advance(TimeSpan.FromDays(10_000));
        await FirstAsync(Login("ctl-1", "bob", "10.0.0.1"));
        foreach ((string key, string state) in right)
            _stored.TryAdd(key, state);
        _time = new FakeTimeProvider(now.AddDays(1));
        Restart();
        await FirstAsync(Login("ctl-1", "eve", "10.0.0.1"));
        _stored.Keys.Should().Contain(k => k.Contains("ann"));
    }

    [Fact]
    public async Task The_first_log_in_to_a_machine_on_which_nobody_works_is_told_since_its_log_was_heard()
    {
        Event job = Of(EventKinds.Log, (EventFields.Host, "quiet"), (EventFields.Dataset, "cron"));
        for (int day = 0; day < 8; day++)
        {
            await SeeAsync(job);
            await FirstAsync(Login("busy", "eve", "10.0.0.1"));
            _time.Advance(TimeSpan.FromDays(1));
        }
        (await FirstAsync(Login("quiet", "eve", "10.0.0.1"))).Should().Be("account");
        (await FirstAsync(Of(EventKinds.ServiceStart, (EventFields.Host, "quiet"), (EventFields.Service, "nova-api"))))
            .Should().Be("", "services stand in another log, which is heard for the first time");
    }

    [Fact]
    public async Task A_machine_that_nobody_has_used_for_longer_than_is_remembered_does_not_begin_to_learn_anew()
    {
        await FirstAsync(Login("spare", "ann", "10.0.0.1"));
        for (int week = 0; week < 20; week++)
        {
            await FirstAsync(Login("busy", "ann", "10.0.0.1"));
            _time.Advance(TimeSpan.FromDays(7));
        }
        Restart();
        (await FirstAsync(Login("spare", "eve", "10.0.0.1"))).Should().Be("account,origin");
    }

    [Fact]
    public async Task One_machine_that_makes_up_names_takes_no_room_from_the_others()
    {
        await FirstAsync(Start("net-1", "neutron-api"));
        await FirstAsync(Start("ctl-1", "nova-api"));
        using var batch = new EventBatch("test");
        for (int n = 0; n < 5_000; n++)
            batch.Add(Start("ctl-1", $"x{n}y"));
        await _stage.TakeAsync(new EventWork(batch, null));
        _metrics.NotLearned.Value.Should().BeInRange(3_001, 3_003);
        _time.Advance(TimeSpan.FromDays(8));
        (await FirstAsync(Start("ctl-1", "backdoor"))).Should().Be("", "there is no room to say so");
        (await FirstAsync(Start("ctl-1", "nova-api"))).Should().Be("");
        (await FirstAsync(Start("net-1", "backdoor"))).Should().Be("service");
    }

    [Fact]
    public async Task All_together_are_bounded_and_what_is_forgotten_makes_room()
    {
        for (int host = 0; host < 51; host++)
        {
            using var batch = new EventBatch("test");
            for (int n = 0; n < 2_000; n++)
                batch.Add(Start($"h{host}", $"x{n}y"));
            await _stage.TakeAsync(new EventWork(batch, null));
        }
        _metrics.Known.Value.Should().Be(FirstSeen.MaxKnown);
        _metrics.NotLearned.Value.Should().BeGreaterThan(2_000);
        _time.Advance(TimeSpan.FromDays(91));
        await FirstAsync(Start("h0", "nova-api"));
        _time.Advance(TimeSpan.FromDays(8));
        (await FirstAsync(Start("h0", "backdoor"))).Should().Be("service");
    }

    [Theory]
    [InlineData("getty@tty1", "getty@tty2")]
    [InlineData("run-u42", "run-u43")]
    [InlineData("dbus-:1.3-org.freedesktop.problems@0", "dbus-:1.44-org.freedesktop.problems@0")]
    [InlineData("libpod-0123456789abcdef0123", "libpod-fedcba98765432101111")]
    public async Task Units_for_one_use_are_not_new_each_time(string first, string second)
    {
        await FirstAsync(Start("ctl-1", "nova-api"));
        _time.Advance(TimeSpan.FromDays(8));
        (await FirstAsync(Start("ctl-1", first))).Should().Be("service");
        (await FirstAsync(Start("ctl-1", second))).Should().Be("");
        (await FirstAsync(Start("ctl-1", "run-backdoor"))).Should().Be("service", "somebody has chosen that");
        (await FirstAsync(Start("ctl-1", "feedface"))).Should().Be("service");
        (await FirstAsync(Start("ctl-1", "deadbeef"))).Should().Be("service", "a word is no number");
    }

    [Fact]
    public async Task What_was_forgotten_and_came_again_before_it_went_from_the_store_stays_there()
    {
        using var batch = new EventBatch("test");
        for (int n = 0; n < 1_000; n++)
            batch.Add(Start("ctl-1", $"x{n}y"));
        await _stage.TakeAsync(new EventWork(batch, null));
        Store(batch);
        _time.Advance(TimeSpan.FromDays(91));
        // More is forgotten than goes from the store at once.
        await FirstAsync(Start("net-1", "nova-api"));
        await FirstAsync(Start("ctl-1", "x999y"));
        for (int n = 0; n < 10; n++)
            await FirstAsync(Start("net-1", "nova-api"));
        _stored.Keys.Should().ContainSingle(k => k.Contains("x999y")).And.NotContain(k => k.Contains("x998y"));
    }

    [Fact]
    public async Task What_a_node_has_learned_is_not_learned_again_by_its_centre()
    {
        await FirstAsync(Login("ctl-1", "ann", "10.0.0.1"));
        _time.Advance(TimeSpan.FromDays(8));
        using var batch = new EventBatch("node", 1) { IsForwarded = true };
        Add(batch, Login("ctl-1", "eve", "10.0.0.1"));
        await _stage.TakeAsync(new EventWork(batch, null));
        batch.Find(0, EventFields.First).Should().BeNull();
    }

    [Fact]
    public async Task Nothing_is_said_where_it_is_switched_off()
    {
        _options.Value = new EventLogOptions { FirstSeen = FirstSeenOptions.Default with { IsEnabled = false } };
        await FirstAsync(Login("ctl-1", "ann", "10.0.0.1"));
        _time.Advance(TimeSpan.FromDays(8));
        (await FirstAsync(Login("ctl-1", "eve", "10.0.0.1"))).Should().Be("");
        _stored.Should().BeEmpty();
    }

    [Fact]
    public async Task What_happens_in_a_window_of_maintenance_was_planned()
    {
        _calendar.Value = Calendar("""
            maintenance:
              - { name: patching, cron: '0 0 2 ? * TUE', duration: 2h, matchers: ['host=~"ctl-.*"'] }
              - { name: quiet, cron: '0 0 2 ? * TUE', duration: 8h, matchers: ['alertname="HostDown"'] }
            """);
        var night = new DateTimeOffset(2026, 11, 3, 2, 30, 0, TimeSpan.Zero);
        (await SeeAsync(At(night, Stop("ctl-1"))))[EventFields.Planned].Should().Be("patching");
        (await SeeAsync(At(night, Stop("net-1"))))[EventFields.Planned].Should().BeNull("the window is not about this host");
        (await SeeAsync(At(night, Stop("ctl-1") with { Kind = EventKinds.Log })))[EventFields.Planned].Should().BeNull("it is a line");
        (await SeeAsync(At(night, Stop("ctl-1") with { Kind = EventKinds.ResourceDeleted })))[EventFields.Planned].Should().Be("patching");
        (await SeeAsync(At(night.AddHours(2), Stop("ctl-1"))))[EventFields.Planned]
            .Should().BeNull("the window is over, and the other one is about an alert");
        (await SeeAsync(At(night.AddHours(-1), Stop("ctl-1"))))[EventFields.Planned].Should().BeNull();
        _metrics.Marked.WithLabels("planned").Value.Should().Be(2);
    }

    [Fact]
    public async Task A_window_that_is_not_about_an_event_is_not_asked_when_it_is()
    {
        int asked = 0;
        var matcher = new LabelMatcher("host", MatchKind.Equal, "ctl-1");
        _calendar.Value = new EventCalendar([new PlannedTime("patching", [matcher], _ => ++asked > 0)], null);
        (await SeeAsync(Stop("net-1")))[EventFields.Planned].Should().BeNull();
        asked.Should().Be(0, "its times are a cron expression, which takes longer than to look at the host");
        (await SeeAsync(Stop("ctl-1")))[EventFields.Planned].Should().Be("patching");
    }

    [Fact]
    public async Task A_log_in_outside_working_hours_says_so_where_these_are_given()
    {
        var evening = new DateTimeOffset(2026, 11, 3, 21, 0, 0, TimeSpan.Zero);
        (await SeeAsync(At(evening, Login("ctl-1", "ann", ""))))[EventFields.Outside].Should().BeNull();
        _calendar.Value = Calendar("""
            time_intervals:
              - name: working_hours
                time_intervals:
                  - { weekdays: ['monday:friday'], times: [ { start_time: '08:00', end_time: '18:00' } ], location: Europe/Berlin }
            """);
        (await SeeAsync(At(evening, Login("ctl-1", "ann", ""))))[EventFields.Outside].Should().Be("working_hours");
        (await SeeAsync(At(evening.AddHours(-4), Login("ctl-1", "ann", ""))))[EventFields.Outside]
            .Should().Be("working_hours", "it is 18:00 in Berlin");
        (await SeeAsync(At(evening.AddHours(-5), Login("ctl-1", "ann", ""))))[EventFields.Outside].Should().BeNull();
        (await SeeAsync(At(evening, Login("ctl-1", "ann", "", outcome: "failure"))))[EventFields.Outside].Should().BeNull();
        (await SeeAsync(At(evening, Stop("ctl-1"))))[EventFields.Outside].Should().BeNull();
    }

    private static EventCalendar Calendar(string yaml) => EventCalendars.Of(MetricsOptions.Parse(yaml).Notifications.Routing);

    private Event Start(string host, string service) =>
        At(_time.GetUtcNow(), Of(EventKinds.ServiceStart, (EventFields.Host, host), (EventFields.Service, service)))
            with { ObservedTime = _time.GetUtcNow().ToUnixTimeMilliseconds() * 1_000_000 };

    private static Event Stop(string host) => Of(EventKinds.ServiceStop, (EventFields.Host, host), (EventFields.Service, "nova-api"));

    private static Event At(DateTimeOffset time, Event one) => one with { Time = time.ToUnixTimeMilliseconds() * 1_000_000 };

    private static Event Of(string kind, params (string Name, string Value)[] fields) => new()
    {
        Time = 0, ObservedTime = 0, Kind = kind, SeverityNumber = 0, Body = "x",
        Fields = [.. fields.Where(f => f.Value.Length > 0).Select(f => new EventField(f.Name, f.Value))],
    };

    private Event Login(string host, string user, string from, string outcome = "success", int daysAgo = 0) => At(
        _time.GetUtcNow().AddDays(-daysAgo),
        Of(
            EventKinds.HostLogin, (EventFields.Host, host), (EventFields.UserName, user), (EventFields.SourceIp, from),
            (EventFields.Outcome, outcome)));

    private Event Identity(string user, string from, string country, string location = "") => At(
        _time.GetUtcNow(),
        Of(
            EventKinds.IdentityAuthenticate, (EventFields.UserName, user), (EventFields.SourceIp, from), (EventFields.Outcome, "success"),
            (EventFields.SourceCountry, country), (EventFields.SourceLocation, location)));

    private async Task<string> TravelAsync(Event one) => (await SeeAsync(one))[EventFields.Travel] ?? "";

    private static void Add(EventBatch batch, Event one) => batch.Add(one);

    private async Task<string> FirstAsync(Event one, bool isStored = true) => (await SeeAsync(one, isStored))[EventFields.First] ?? "";

    /// <summary>Has one event pass between two others.</summary>
    private async Task<Event> SeeAsync(Event one, bool isStored = true, Event? beside = null)
    {
        long now = _time.GetUtcNow().ToUnixTimeMilliseconds() * 1_000_000;
        one = one with { Time = one.Time == 0 ? now : one.Time, ObservedTime = Math.Max(now, one.Time) };
        beside = (beside ?? Of(EventKinds.Log, ("a", "b"))) with { Time = now, ObservedTime = now };
        using var batch = new EventBatch("test", 1);
        foreach (Event row in (Event[])[beside, one, beside])
            batch.Add(row);
        var committed = new CommitSource();
        await _stage.TakeAsync(new EventWork(batch, committed));
        if (isStored)
            Store(batch);
        else
            committed.Fail(new StoreException("the disk is full"));
        batch.ToEvent(0).Should().BeEquivalentTo(beside);
        batch.ToEvent(2).Should().BeEquivalentTo(beside);
        batch.FieldsOf(1).ToArray().Take(one.Fields.Count).Should().Equal(one.Fields);
        return batch.ToEvent(1);
    }

    private void Store(EventBatch batch)
    {
        foreach (SourcePosition position in batch.Positions)
        {
            if (position.State is null)
                _stored.Remove(position.Key);
            else
                _stored[position.Key] = position.State;
        }
    }

    private void Restart()
    {
        (_metrics, _stage) = NewStage();
        _stage.Load([.. _stored.Select(s => new SourcePosition(FirstChange.Source, s.Key, s.Value))]);
    }

    private (MarkMetrics, MarkStage) NewStage()
    {
        var registry = new MetricRegistry();
        var metrics = new MarkMetrics(registry);
        return (metrics, new MarkStage(_options, _calendar, new IntakeMetrics(registry), metrics, _time));
    }
}
