using System.Text;
using Metrics.Formats.EventJson;
using Metrics.Formats.Shippers;
using Metrics.Model;

namespace Metrics.Tests.Formats.Shippers;

/// <summary>Lines of logs as shippers send them, and what they become.</summary>
public sealed class ShippedLineTests
{
    private const long Now = 1_795_766_400_000_000_000;

    private readonly ShippedLine _objects = new(TimeZoneInfo.Utc, isOfLabels: false);

    /// <summary>Who sends it, the object, what of its event is said there.</summary>
    public static TheoryData<string, string, string> Objects => new()
    {
        {
            "Vector, file",
            """
            {"file":"/var/log/auth.log","host":"ctl-1",
            "message":"Nov 27 08:00:01 ctl-1 sshd[7]: Failed password for ann from 192.0.2.7 port 5 ssh2",
            "source_type":"file","timestamp":"2026-11-27T08:00:02.5Z"}
            """,
            "time=2026-11-27T08:00:02.500000000Z kind=host.login user.name=ann source.ip=192.0.2.7 event.dataset=sshd service.name=sshd "
            + "process.pid=7 host.name=ctl-1 log.file.path=/var/log/auth.log source.type=file"
        },
        {
            "Vector, journald",
            """
            {"PRIORITY":"3","SYSLOG_IDENTIFIER":"sshd","_PID":"7","_SYSTEMD_UNIT":"ssh.service","host":"ctl-1",
            "message":"Invalid user bob from 192.0.2.7 port 5","timestamp":"2026-11-27T08:00:02Z"}
            """,
            "kind=host.login user.name=bob severity_number=17 log.level=err service.name=sshd process.name=sshd "
            + "systemd.unit=ssh.service process.pid=7"
        },
        {
            "Fluent Bit, tail", """{"date":1795766390.25,"log":"one line\n","hostname":"ctl-2"}""",
            "time=2026-11-27T07:59:50.250000000Z kind=log body=one+line host.name=ctl-2"
        },
        {
            "Fluent Bit, systemd",
            """
            {"date":"2026-11-27T07:59:50.250000Z","MESSAGE":"pam_unix(sudo:session): session opened for user root(uid=0) by ann(uid=1000)",
            "_HOSTNAME":"ctl-2","_COMM":"sudo","PRIORITY":"6"}
            """,
            "host.name=ctl-2 service.name=sudo severity_number=9 event.dataset=pam"
        },
        {
            "a container in Kubernetes, with arrays and objects",
            """
            {"log":"2026-11-27 08:00:01.123 7 ERROR nova.compute.manager [None req-1 ann p - - - -] no",
            "kubernetes":{"pod_name":"nova-0","labels":{"app":"nova"}},"tags":["a","b"]}
            """,
            "time=2026-11-27T08:00:01.123000000Z kind=log severity_number=17 log.level=ERROR event.dataset=oslo kubernetes.pod_name=nova-0 "
            + "kubernetes.labels.app=nova tags=[\"a\",\"b\"]"
        },
        {
            "pino, milliseconds", """{"level":"warn","time":1795766390250,"msg":"slow","message":"","service":"api","job":"x"}""",
            "time=2026-11-27T07:59:50.250000000Z severity_number=13 log.level=warn service.name=api job=x body=slow"
        },
        {
            "a time that is none is a field", """{"message":"x","timestamp":"yesterday","severity_number":17}""",
            "time=2026-11-27T08:00:00.000000000Z timestamp=yesterday severity_number=17"
        },
    };

    [Theory]
    [MemberData(nameof(Objects))]
    public void An_object_that_is_a_line_is_understood_as_lines_of_files_are(string sender, string json, string expected)
    {
        using var batch = new EventBatch("t");
        EventJsonReader.TryRead(Encoding.UTF8.GetBytes(json), Now, batch, _objects, out string? fault).Should()
            .BeTrue($"{sender}: {fault}");
        Shown(batch, 0).Should().Contain(expected.Split(' '), sender);
    }

    [Theory]
    [InlineData("{\"message\":\"x\",\"timestamp\":\"1969-12-31T23:59:59Z\"}", "before 1970")]
    [InlineData("{\"message\":\"x\",\"date\":1899999999}", "a day ahead")]
    [InlineData("{\"line\":\"x\"}", "neither kind nor body, nor the text of a line")]
    [InlineData("{\"message\":\"\"}", "neither kind nor body, nor the text of a line")]
    public void What_cannot_be_taken_is_refused_with_its_reason(string json, string reason)
    {
        using var batch = new EventBatch("t");
        EventJsonReader.TryRead(Encoding.UTF8.GetBytes(json), Now, batch, _objects, out string? fault).Should().BeFalse();
        fault.Should().Contain(reason);
        batch.Count.Should().Be(0);
    }

    [Fact]
    public void Of_several_words_for_one_field_the_first_in_the_table_is_it_and_the_others_stay_labels()
    {
        using var batch = new EventBatch("t");
        var line = new ShippedLine(TimeZoneInfo.Utc, isOfLabels: true);
        string[] labels =
        [
            "instance=10.0.0.1:9080", "host=ctl-1", "job=varlogs", "container=c", "service_name=glance", "level=debug", "env=prod",
            "time=x", "message=y", "kind=z",
        ];
        foreach (string[] label in labels.Select(l => l.Split('=')))
            line.Add(label[0], label[1]);
        line.AddTo(batch, Now, Now - 5, "a line"u8);
        Shown(batch, 0).Should().BeEquivalentTo(
            "time=2026-11-27T07:59:59.999999995Z", "kind=log", "severity_number=5", "body=a+line", "log.level=debug", "host.name=ctl-1",
            "service.name=glance", "labels.instance=10.0.0.1:9080", "labels.job=varlogs", "labels.container=c", "labels.env=prod",
            "labels.time=x", "labels.message=y", "labels.kind=z");
    }

    [Theory]
    [InlineData("unit=nova-compute.service", "service.name=nova-compute systemd.unit=nova-compute.service")]
    [InlineData("job=varlogs", "service.name=varlogs")]
    [InlineData("nodename=n1", "host.name=n1")]
    [InlineData("instance=n2", "host.name=n2")]
    [InlineData("filename=/var/log/x.log", "log.file.path=/var/log/x.log")]
    [InlineData("detected_level=critical", "log.level=critical severity_number=18")]
    [InlineData("level=odd", "log.level=odd severity_number=0")]
    public void Labels_of_Promtail_and_Alloy_become_fields(string label, string expected)
    {
        using var batch = new EventBatch("t");
        var line = new ShippedLine(TimeZoneInfo.Utc, isOfLabels: true);
        line.Add(label.Split('=')[0], label.Split('=')[1]);
        line.AddTo(batch, Now, Now, "a line"u8);
        Shown(batch, 0).Should().Contain(expected.Split(' '));
    }

    [Fact]
    public void What_the_text_says_goes_before_what_the_shipper_says_but_for_the_time()
    {
        using var batch = new EventBatch("t");
        var line = new ShippedLine(TimeZoneInfo.Utc, isOfLabels: true);
        line.Add("host", "relay");
        line.Add("job", "syslog");
        line.Add("level", "info");
        line.AddTo(batch, Now, Now - 7, "<11>Nov 27 06:00:00 ctl-9 nova-api[7]: bad"u8);
        Shown(batch, 0).Should().Contain(
            ["time=2026-11-27T07:59:59.999999993Z", "host.name=ctl-9", "service.name=nova-api", "log.level=err", "severity_number=17"]);
    }

    private static List<string> Shown(EventBatch batch, int row) =>
    [
        $"time={EventTime.Format(batch.Times[row])}", $"kind={batch.Kinds[row]}", $"severity_number={batch.Severities[row]}",
        $"body={batch.ToEvent(row).Body.Replace(' ', '+')}", .. batch.FieldsOf(row).ToArray().Select(f => $"{f.Name}={f.Value}"),
    ];
}
