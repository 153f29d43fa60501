using System.Globalization;
using System.IO.Enumeration;
using System.Text.Json;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Metrics.IntegrationTests;

/// <summary>Notifications over a real RabbitMQ: every one is an event, once.</summary>
[Collection<RabbitMqTests>]
public sealed class NotificationTests(RabbitMq rabbit, ITestOutputHelper output)
{
    private const string Notify = "/usr/bin/python3";

    private static readonly string s_script = Path.Combine(Cases.Repository, "tests", "Metrics.IntegrationTests", "openstack", "notify.py");

    [Fact]
    public async Task What_services_did_becomes_events_of_its_kind()
    {
        await using OsloSender sender = await OsloSender.ConnectAsync(rabbit, "fields");
        foreach (string exchange in new[] { "keystone", "nova", "neutron" })
            await sender.DeclareAsync(exchange);
        await using Daemon daemon = await StartAsync("fields");
        await sender.SendAsync(new
        {
            message_id = "0156ee79-b35f-4cef-ac37-d4a85f231c69", publisher_id = "identity.ctl-1", event_type = "identity.project.deleted",
            priority = "INFO", timestamp = "2026-11-26 19:03:45.960280",
            payload = new
            {
                typeURI = "http://schemas.dmtf.org/cloud/audit/1.0/event", id = "f5352d7b", eventType = "activity",
                eventTime = "2026-11-26T19:03:45.932842+00:00", action = "deleted.project", outcome = "success",
                resource_info = "671da331c47d4e29bb6ea1d270154ec3",
                initiator = new
                {
                    typeURI = "service/security/account/user", id = "c9f76d3c31e142af9291de2935bde98a",
                    host = new { address = "192.0.2.7" },
                },
                target = new { typeURI = "data/security/project", id = "1c2fc591" },
            },
        }, "keystone");
        await sender.SendAsync(new
        {
            message_id = "m-2", publisher_id = "nova-compute:cmp-1", event_type = "instance.delete.end", priority = "INFO",
            timestamp = "2026-11-26 19:03:46",
            payload = new Dictionary<string, object>
            {
                ["nova_object.name"] = "InstanceActionPayload",
                ["nova_object.data"] = new { uuid = "178b0921-8f85-4257-88b6-2e743b5a975c", host = "cmp-1", tenant_id = "p-1" },
            },
        }, "nova", "versioned_notifications.info");
        await sender.SendAsync(new
        {
            message_id = "m-3", publisher_id = "network.ctl-2", event_type = "port.create.end", priority = "ERROR",
            timestamp = "2026-11-26 19:03:47", payload = new { port = new { id = "port-1" } },
        }, "neutron", "notifications.error");

        List<JsonElement> events = await daemon.EventsAsync(3);
        foreach ((string field, string value) in new[]
        {
            ("kind", "resource.deleted"), ("openstack.resource.type", "project"),
            ("openstack.resource.id", "671da331c47d4e29bb6ea1d270154ec3"), ("event.outcome", "success"), ("host.name", "ctl-1"),
            ("service.name", "keystone"), ("user.id", "c9f76d3c31e142af9291de2935bde98a"), ("source.ip", "192.0.2.7"),
            ("event.dataset", "notification"), ("event.id", "0156ee79-b35f-4cef-ac37-d4a85f231c69"), ("log.level", "INFO"),
        })
            events[0].Text(field).Should().Be(value, field);
        DateTimeOffset.Parse(events[0].Text("time"), CultureInfo.InvariantCulture).Should()
            .Be(new DateTimeOffset(2026, 11, 26, 19, 3, 45, TimeSpan.Zero).AddTicks(9602800));
        events[0].Text("body").Should().StartWith("{\"message_id\":\"0156ee79", "that is what a service writes into its log");
        (events[1].Text("kind"), events[1].Text("openstack.resource.id"), events[1].Text("host.name"))
            .Should().Be(("resource.deleted", "178b0921-8f85-4257-88b6-2e743b5a975c", "cmp-1"));
        (events[2].Text("kind"), events[2].Text("openstack.resource.type"), events[2].Text("log.level"), events[2].Text("host.name"))
            .Should().Be(("resource.created", "port", "ERROR", "ctl-2"));
        (await sender.Channel.MessageCountAsync("notifications.info", TestContext.Current.CancellationToken))
            .Should().Be(1, "what others wait for is theirs");
        (await daemon.InputAsync("openstack/test")).GetProperty("bytes").GetInt64().Should().BeGreaterThan(1000);
    }

    [Fact]
    public async Task What_the_real_Notifier_of_oslo_messaging_sends_comes_once_each_also_over_restarts_of_RabbitMQ()
    {
        const int Count = 1500;
        rabbit.Need();
        Assert.SkipUnless(Directory.Exists("/usr/lib/python3/dist-packages/oslo_messaging"), "python3-oslo.messaging is not installed");
        await NotifyAsync("notifier", 1, 0);
        await using Daemon daemon = await StartAsync("notifier");
        Task sending = NotifyAsync("notifier", Count, 0.004);
        await daemon.EventsAsync(Count / 10);
        await rabbit.StopAsync();
        await Eventually.Async(async () => (await daemon.InputAsync("openstack/test")).Text("state") == "backing off", "the loss is seen");
        await rabbit.StartAsync();
        await daemon.EventsAsync(Count / 2);
        rabbit.Kill();
        await rabbit.StartAsync();
        await sending;
        List<JsonElement> events = await daemon.EventsAsync(Count);
        events.Select(e => e.Text("openstack.resource.id")).Should().BeEquivalentTo(Enumerable.Range(0, Count).Select(i => $"{i}"));
        JsonElement one = events.Single(e => e.Text("openstack.resource.id") == "7");
        foreach ((string field, string value) in new[]
        {
            ("kind", "resource.deleted"), ("openstack.resource.type", "volume"), ("host.name", "ctl-1"), ("service.name", "cinder"),
            ("openstack.request_id", "req-7"), ("cloud.project.id", "p-1"), ("log.level", "WARN"),
        })
            one.Text(field).Should().Be(value, field);
        output.WriteLine($"last error: {(await daemon.InputAsync("openstack/test")).Text("lastError")}; "
            + $"repeated: {await daemon.OwnAsync("metricsd_input_dropped_total")}");
    }

    [Fact]
    public async Task Nothing_is_lost_or_twice_when_the_daemon_is_killed_in_the_middle()
    {
        const int Count = 15_000;
        await using OsloSender sender = await OsloSender.ConnectAsync(rabbit, "kill");
        await sender.DeclareAsync("nova");
        await using Daemon daemon = await StartAsync("kill");
        Task sending = SendNumbersAsync(sender, 0, Count);
        int before = 0;
        for (int kill = 0; kill < 3; kill++)
        {
            before = (await daemon.EventsAsync(before + 300)).Count;
            daemon.Kill();
            await daemon.StartAgainAsync();
        }
        await sending;
        Numbers(await daemon.EventsAsync(Count)).Should().BeEquivalentTo(Enumerable.Range(0, Count));
        output.WriteLine($"{Count} notifications, 3 kills, {await daemon.OwnAsync("metricsd_input_dropped_total")} came again to the last");
        await NothingIsLeftAsync(daemon, sender);
    }

    [Fact]
    public async Task An_exchange_that_a_service_declares_later_is_bound_then()
    {
        await using OsloSender sender = await OsloSender.ConnectAsync(rabbit, "later");
        await sender.DeclareAsync("keystone");
        await using Daemon daemon = await StartAsync("later", "exchanges: [keystone, nova, glance]");
        (await daemon.InputAsync("openstack/test")).Text("detail").Should()
            .Be($"queue metricsd.test at 127.0.0.1:{rabbit.Port}, bound to keystone; not there yet: nova, glance");
        await sender.DeclareAsync("nova");
        await Eventually.Async(async () => (await daemon.InputAsync("openstack/test")).Text("detail")
            .EndsWith("bound to keystone, nova; not there yet: glance", StringComparison.Ordinal), "nova is bound");
        await SendNumbersAsync(sender, 0, 10);
        Numbers(await daemon.EventsAsync(10)).Should().Equal(Enumerable.Range(0, 10));
        (await daemon.InputAsync("openstack/test")).Text("lastError").Should().BeEmpty();
    }

    [Fact]
    public async Task What_is_no_notification_is_kept_as_its_text_counted_and_not_sent_again()
    {
        await using OsloSender sender = await OsloSender.ConnectAsync(rabbit, "poison");
        await sender.DeclareAsync("nova");
        await using Daemon daemon = await StartAsync("poison");
        string huge = new('x', 3_000_000);
        foreach (string text in new[] { "no JSON", "", "{\"oslo.version\": \"2.0\", \"oslo.message\": \"{\"", "no JSON", huge })
            await sender.SendTextAsync(text, "nova");
        await sender.SendBytesAsync(new byte[] { 0, 0xFF, (byte)'a' }, "nova");
        await SendNumbersAsync(sender, 0, 1);
        List<JsonElement> events = await daemon.EventsAsync(7);
        events.Select(e => e.Text("body")).SkipLast(1).Should()
            .Equal("no JSON", "", "{\"oslo.version\": \"2.0\", \"oslo.message\": \"{\"", "no JSON", huge[..(64 * 1024)], "\0\uFFFDa");
        events.SkipLast(1).Should().OnlyContain(e => e.Text("kind") == "log" && e.Text("service.name") == "nova");
        JsonElement input = await daemon.InputAsync("openstack/test");
        input.GetProperty("errors").GetProperty("malformed").GetInt32().Should().Be(6);
        input.GetProperty("errors").GetProperty("too_long").GetInt32().Should().Be(1);
        await NothingIsLeftAsync(daemon, sender);
    }

    [Fact]
    public async Task A_queue_that_is_deleted_is_declared_again_and_the_gap_noted()
    {
        await using OsloSender sender = await OsloSender.ConnectAsync(rabbit, "gone");
        await sender.DeclareAsync("nova");
        await using Daemon daemon = await StartAsync("gone");
        await SendNumbersAsync(sender, 0, 1);
        DateTimeOffset read = DateTimeOffset.Parse((await daemon.EventsAsync(1))[0].Text("observed_time"), CultureInfo.InvariantCulture);
        await sender.Channel.QueueDeleteAsync("metricsd.test", false, false);
        JsonElement gap = (await daemon.EventsAsync(2))[1];
        (await daemon.InputAsync("openstack/test")).Text("lastError").Should()
            .Be($"RabbitMQ at 127.0.0.1:{rabbit.Port} delivers no more: queue metricsd.test was deleted or its node is down");
        (gap.Text("kind"), gap.GetProperty("severity_number").GetInt32()).Should().Be(("log.gap", 13));
        gap.Text("body").Should().StartWith($"queue metricsd.test at 127.0.0.1:{rabbit.Port}, virtual host gone, was missing; "
            + "notifications that were sent after ").And.EndWith("may be lost");
        DateTimeOffset.Parse(gap.Text("body").Split("sent after ")[1].Split(' ')[0], CultureInfo.InvariantCulture).Should().Be(read);
        (await daemon.GetAsync("/api/v1/logs/ledger?source=openstack/test")).Should().Contain("\"complete\":false")
            .And.Contain($"\"path\":\"metricsd.test at 127.0.0.1:{rabbit.Port}, virtual host gone\"").And.Contain("\"reason\":\"gone\"");
        await RunningAsync(daemon);
        await SendNumbersAsync(sender, 1, 2);
        (await daemon.EventsAsync(3))[2].Text("openstack.resource.id").Should().Be("1");
    }

    [Fact]
    public async Task An_exchange_that_is_no_longer_asked_for_is_no_longer_read()
    {
        await using OsloSender sender = await OsloSender.ConnectAsync(rabbit, "bindings");
        await sender.DeclareAsync("nova");
        await sender.DeclareAsync("glance");
        await using Daemon daemon = await StartAsync("bindings", "exchanges: [nova, glance]");
        await sender.SendAsync(OsloSender.Numbered(0), "glance");
        await daemon.EventsAsync(1);
        await daemon.ReloadAsync(Configuration("bindings", "exchanges: [nova], topics: [notifications]"));
        await Eventually.Async(async () => (await daemon.InputAsync("openstack/test")).Text("detail")
            .EndsWith("bound to nova", StringComparison.Ordinal), "it is read anew");
        await sender.SendAsync(OsloSender.Numbered(1), "glance");
        await sender.SendAsync(OsloSender.Numbered(2), "nova", "versioned_notifications.info");
        await sender.SendAsync(OsloSender.Numbered(3), "nova");
        Numbers(await daemon.EventsAsync(2)).Should().Equal(0, 3);
    }

    [Fact]
    public async Task Over_TLS_the_certificate_is_checked()
    {
        await using OsloSender sender = await OsloSender.ConnectAsync(rabbit, "tls");
        await sender.DeclareAsync("nova");
        string Tls(string keys) => Configured(
            $"url: 'amqps://metricsd@localhost:{rabbit.TlsPort}/tls', password_file: {rabbit.PasswordFile}{keys}");
        string refused = $"RabbitMQ at localhost:{rabbit.TlsPort} cannot be reached: its certificate is not trusted, or is another's";
        await using Daemon daemon = await Daemon.StartAsync(Tls(""));
        await ErrorAsync(daemon, refused);
        await daemon.ReloadAsync(Tls($", tls_config: {{ ca_file: {rabbit.CaFile}, server_name: other.example }}"));
        await ErrorAsync(daemon, refused);
        await daemon.ReloadAsync(Tls($", tls_config: {{ ca_file: {rabbit.CaFile} }}"));
        await RunningAsync(daemon);
        await SendNumbersAsync(sender, 0, 10);
        Numbers(await daemon.EventsAsync(10)).Should().Equal(Enumerable.Range(0, 10));
    }

    [Fact]
    public async Task What_is_wrong_is_said_in_clear_words_and_mended_by_a_reload()
    {
        rabbit.Need();
        string wrong = Path.Combine(Path.GetDirectoryName(rabbit.PasswordFile)!, "wrong");
        await File.WriteAllTextAsync(wrong, "another");
        string Url(string path, int port, string account = "metricsd") =>
            Configured($"url: 'amqp://{account}@127.0.0.1:{port}/{path}', password_file: {rabbit.PasswordFile}, exchanges: [keystone]");
        int nobody = Daemon.FreePort();
        await using Daemon daemon = await Daemon.StartAsync(Url("", nobody));
        await ErrorAsync(daemon, $"RabbitMQ at 127.0.0.1:{nobody} cannot be reached: Connection refused");
        await daemon.ReloadAsync(Url("nowhere", rabbit.Port));
        await ErrorAsync(daemon, $"RabbitMQ at 127.0.0.1:{rabbit.Port} says: NOT_ALLOWED - *vhost nowhere not found");
        await daemon.ReloadAsync(Url("", rabbit.Port, "nobody"));
        await ErrorAsync(daemon, $"RabbitMQ at 127.0.0.1:{rabbit.Port} refuses the user 'nobody' or its password");
        await daemon.ReloadAsync(Configured($"url: 'amqp://metricsd@127.0.0.1:{rabbit.Port}', password_file: {wrong}"));
        await ErrorAsync(daemon, $"RabbitMQ at 127.0.0.1:{rabbit.Port} refuses the user 'metricsd' or its password");
        await daemon.ReloadAsync(Configuration("", "exchanges: [amq.topic]"));
        await ErrorAsync(
            daemon, $"RabbitMQ at 127.0.0.1:{rabbit.Port} says: ACCESS_REFUSED - *'amq.topic' in vhost '/' refused for user 'metricsd'");

        await using OsloSender other = await OsloSender.ConnectAsync(rabbit, "/");
        string reader = await other.Channel.BasicConsumeAsync("metricsd.test", false, new AsyncEventingBasicConsumer(other.Channel));
        await daemon.ReloadAsync(Configuration(""));
        await ErrorAsync(
            daemon, $"RabbitMQ at 127.0.0.1:{rabbit.Port} says: ACCESS_REFUSED - queue 'metricsd.test' in vhost '/' in exclusive use");
        await other.Channel.BasicCancelAsync(reader);
        await RunningAsync(daemon);
    }

    private Task<Daemon> StartAsync(string host, string keys = "") => StartRunningAsync(Configuration(host, keys));

    private static async Task<Daemon> StartRunningAsync(string configuration)
    {
        Daemon daemon = await Daemon.StartAsync(configuration);
        await RunningAsync(daemon);
        return daemon;
    }

    private string Configuration(string host, string keys = "") => Configured(rabbit.Keys(host) + (keys.Length > 0 ? ", " : "") + keys);

    private static string Configured(string keys) =>
        $"host: {{ enabled: false }}\ninputs:\n  openstack: [ {{ name: test, notifications: {{ {keys} }} }} ]\n";

    private static Task RunningAsync(Daemon daemon) => Eventually.Async(
        async () => (await daemon.InputAsync("openstack/test")).Text("state") == "running", $"the input takes in");

    private static async Task ErrorAsync(Daemon daemon, string pattern)
    {
        string error = "";
        Task seen = Eventually.Async(async () =>
        {
            error = (await daemon.InputAsync("openstack/test")).Text("lastError");
            return FileSystemName.MatchesSimpleExpression(pattern, error);
        }, pattern, TimeSpan.FromSeconds(30));
        await seen.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        error.Should().Match(pattern);
    }

    /// <summary>What was delivered and not acknowledged is in the queue again when the daemon is gone.</summary>
    private static async Task NothingIsLeftAsync(Daemon daemon, OsloSender sender)
    {
        daemon.Kill();
        await Eventually.Async(
            async () => (await sender.Channel.QueueDeclarePassiveAsync("metricsd.test")).ConsumerCount == 0, "the daemon is gone");
        (await sender.Channel.MessageCountAsync("metricsd.test")).Should().Be(0, "all are acknowledged");
    }

    /// <summary>Sends them a hundred at a time.</summary>
    private static async Task SendNumbersAsync(OsloSender sender, int from, int to)
    {
        foreach (int[] some in Enumerable.Range(from, to - from).Chunk(100))
            await Task.WhenAll(some.Select(i => sender.SendAsync(OsloSender.Numbered(i), "nova")));
    }

    private async Task NotifyAsync(string host, int count, double pause)
    {
        (int code, string said) = await Component.RunAsync(
            Notify, "", s_script, rabbit.ServiceUrl(host), "openstack", $"{count}", pause.ToString(CultureInfo.InvariantCulture));
        code.Should().Be(0, said);
    }

    private static List<int> Numbers(IEnumerable<JsonElement> events) =>
        [.. events.Select(e => int.Parse(e.Text("openstack.resource.id"), CultureInfo.InvariantCulture))];
}
