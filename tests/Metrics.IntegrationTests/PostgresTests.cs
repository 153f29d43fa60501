using System.Globalization;
using Metrics.Alerting;
using Metrics.Storage.State;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Metrics.IntegrationTests;

/// <summary>State in a real PostgreSQL: kept over kills of either side, and for one daemon at a time.</summary>
public sealed class PostgresTests
{
    private const string Rules = """
        groups:
          - name: test
            interval: 200ms
            rules:
              - { alert: TooHot, expr: room_temp, above: "{{ 30 }}" }
              - { alert: Silent, expr: beat_v, absent_for: 1s }
        """;

    [Fact]
    public async Task State_outlives_the_daemon_and_waits_for_the_server()
    {
        await using Postgres postgres = await Postgres.StartAsync();
        using var hook = new WebhookListener();
        await using Daemon daemon = await StartAsync(postgres, hook);
        // Longer than a tree of PostgreSQL's takes as a key; and not to be made shorter by compressing it.
        string wall = Convert.ToHexString(new Random(1).GetItems<byte>([.. Enumerable.Range(0, 256).Select(b => (byte)b)], 4000));
        await daemon.PushAsync($"room,room=cellar temp=31\nroom,room=attic,wall={wall} temp=33\nbeat,host=a v=1");
        await hook.UntilAsync("/ops", "firing TooHot cellar");
        await hook.UntilAsync("/ops", $"firing TooHot attic {wall}");
        await hook.UntilAsync("/ops", "firing Silent a");
        (await daemon.CommandAsync("silence", "add", "room=kitchen", "--comment", "painting", "--author", "me", "--url",
            daemon.Url(""))).Code.Should().Be(0);

        daemon.Kill();
        await daemon.StartAgainAsync();
        (await daemon.GetAsync("/api/v2/silences")).Should().Contain("painting");
        (await daemon.GetAsync("/api/v1/audit")).Should().Contain("silenced").And.Contain("kitchen");

        // The server is away while things happen: nothing is told before it is written, and nothing is forgotten.
        await postgres.StopAsync();
        await daemon.PushAsync("room,room=hall temp=35\nroom,room=kitchen temp=36\nroom,room=cellar temp=20");
        await Eventually.Async(async () => await daemon.OwnAsync("metricsd_state_failures_total") > 0, "the write fails");
        hook.AlertsAt("/ops").Should().NotContain(a => a.Contains("hall", StringComparison.Ordinal));
        daemon.Log.Should().Contain("The state database metrics on 127.0.0.1").And.NotContain("unused", "the password is never told");
        await postgres.StartAgainAsync();
        await hook.UntilAsync("/ops", "firing TooHot hall");
        await hook.UntilAsync("/ops", "resolved TooHot cellar");
        await Eventually.Async(async () => await daemon.OwnAsync("metricsd_notification_queue") == 0, "the outbox is empty");
        hook.AlertsAt("/ops").Should().OnlyHaveUniqueItems("nobody is told twice");
        hook.AlertsAt("/ops").Should().NotContain(a => a.Contains("kitchen", StringComparison.Ordinal), "it is silenced");
        (await postgres.SqlAsync("SELECT count(*) FROM \"Alerts\"")).Should().Be("4");
    }

    [Fact]
    public async Task A_second_daemon_takes_over_when_the_first_is_gone_and_not_before()
    {
        await using Postgres postgres = await Postgres.StartAsync();
        using var hook = new WebhookListener();
        await using Daemon first = await StartAsync(postgres, hook);
        await first.PushAsync("beat,host=a v=1");
        await hook.UntilAsync("/ops", "firing Silent a");
        Task<Daemon> starting = StartAsync(postgres, hook);
        await Eventually.Async(
            async () =>
            await postgres.SqlAsync("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted") == "1",
                "the second waits for the lock");
        starting.IsCompleted.Should().BeFalse();
        first.Kill();
        await using Daemon second = await starting;
        second.Log.Should().Contain("Another metricsd works with the state database metrics");
        (await second.GetAsync("/api/v2/alerts")).Should().Contain("Silent", "it knows what the first has left");
        hook.AlertsAt("/ops").Should().Equal("firing Silent a");
    }

    [Fact]
    public async Task A_daemon_whose_place_was_taken_ends_instead_of_writing_what_it_remembers()
    {
        await using Postgres postgres = await Postgres.StartAsync();
        using var hook = new WebhookListener();
        await using Daemon daemon = await StartAsync(postgres, hook);
        await postgres.SqlAsync("UPDATE \"Keys\" SET \"Value\" = 'another' WHERE \"Name\" = 'writer'");
        await postgres.SqlAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'metricsd'");
        await daemon.PushAsync("room,room=cellar temp=31");
        (await daemon.EndAsync()).Should().Be(3);
        daemon.Log.Should().Contain("Another metricsd has taken over the state database");
        (await postgres.SqlAsync("SELECT count(*) FROM \"Alerts\"")).Should().Be("0");
    }

    [Fact]
    public async Task A_database_that_cannot_be_used_is_told_in_one_line()
    {
        string folder = Directory.CreateTempSubdirectory("state").FullName;
        int port = Daemon.FreePort();
        await File.WriteAllTextAsync(
            Path.Combine(folder, "metrics.yaml"),
            string.Create(
            CultureInfo.InvariantCulture,
            $"storage: {{ state: {{ postgresql: 'Host=127.0.0.1;Port={port};Database=metrics;Username=me;Password=hidden' }} }}"));
        (int code, string output) = await Daemon.RunAsync(folder);
        code.Should().Be(2);
        output.Should()
            .Contain($"The state database metrics on 127.0.0.1:{port} cannot be used: ").And.NotContain("hidden").And.NotContain("   at ");
        await File.WriteAllTextAsync(Path.Combine(folder, "metrics.yaml"), "storage: { state: { postgresql: 'Hst=db;Password=hidden' } }");
        (code, output) = await Daemon.RunAsync(folder, "check");
        code.Should().NotBe(0);
        output.Should().Contain("postgresql").And.Contain("SSL Mode=VerifyFull").And.NotContain("hidden");
    }

    [Fact]
    public async Task The_history_of_the_release_before_is_split_by_subject()
    {
        await using Postgres postgres = await Postgres.StartAsync();
        await using (var old = new StateDb(new DbContextOptionsBuilder<StateDb>().UseNpgsql(postgres.Connection).Options))
            await old.GetService<IMigrator>().MigrateAsync("20261123220000_OneTreeATable", TestContext.Current.CancellationToken);
        // Longer than a tree of PostgreSQL's takes as a key, and its name too.
        string name = Convert.ToHexString(new Random(2).GetItems<byte>([.. Enumerable.Range(0, 256).Select(b => (byte)b)], 4000));
        const string Alert = "0123456789abcdef0123456789abcdef";
        await postgres.SqlAsync($$$"""
            INSERT INTO "Trail" ("At", "Subject", "What", "Text", "Ref", "Members", "Groups") VALUES
              ({{{Now(0)}}}, '{{{Alert}}}', 'firing', 'value 5 is > 3', 'f.yaml;g;{{{name}}}', '{"host":"a"}', 'x'),
              ({{{Now(1)}}}, 'x', 'message', 'to ops/webhook/0: 1 firing, 2 over, in a digest', 'k1', '{{{Alert}}} {{{Alert[1..]}}}0', NULL),
              ({{{Now(2)}}}, 'k1', 'retry', 'ops/webhook/0: it: said no', NULL, NULL, NULL),
              ({{{Now(3)}}}, '{{{Alert}}}', 'acknowledged', 'by ann', NULL, NULL, NULL)
            """);
        using var hook = new WebhookListener();
        await using Daemon daemon = await StartAsync(postgres, hook);
        daemon.Log.Should().Contain("4 lines of history were moved");
        (await postgres.SqlAsync("SELECT to_regclass('\"Trail\"') IS NULL")).Should().Be("t");
        await using var db = new StateDb(new DbContextOptionsBuilder<StateDb>().UseNpgsql(postgres.Connection).Options);
        AlertLines.Of(db, Alert, 100).Select(l => $"{l.What} {l.Text}").Should().Equal(
            "firing value 5 is > 3", "message to ops/webhook/0: 1 firing, 2 over, in a digest (key k1)", "retry ops/webhook/0: it: said no",
            "acknowledged by ann");
        (await db.RuleFirings.SingleAsync(TestContext.Current.CancellationToken)).Rule.Should().EndWith(name);

        // And what comes from now on is written beside it.
        await daemon.PushAsync("room,room=cellar temp=31");
        await hook.UntilAsync("/ops", "firing TooHot cellar");
        (await daemon.CommandAsync("explain", "TooHot{room=\"cellar\"}", "--url", daemon.Url(""))).Output.Should()
            .MatchRegex("(?s)firing .*value 31 is > 30.*message .*to ops/webhook/0: 1 firing, 0 over .*sent ");
        (await postgres.SqlAsync("SELECT \"Id\" FROM \"Notifications\" ORDER BY 1")).Should().Be("1\n2");
    }

    private static long Now(int plus) => TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() - 60_000 + plus;

    private static async Task<Daemon> StartAsync(Postgres postgres, WebhookListener hook)
    {
        string folder = Directory.CreateTempSubdirectory("rules").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "rules.yaml"), Rules);
        return await Daemon.StartAsync($$"""
            {{postgres.Configuration}}
            host: { enabled: false }
            rules: { files: ['{{folder}}/rules.yaml'], shipped: false }
            receivers: [ { name: ops, webhook_configs: [ { url: '{{hook.Url}}ops' } ] } ]
            route: { receiver: ops, group_by: ['...'], group_wait: 0s, group_interval: 0s }
            """);
    }
}
