using System.Text;
using Metrics.Configuration;
using Metrics.Formats.LineProtocol;
using Metrics.Hosting;
using Metrics.Inputs;
using Metrics.Inputs.Push;
using Metrics.Model;
using Metrics.Telemetry;

namespace Metrics.Tests.Inputs;

public sealed class TextFieldEventsTests
{
    private const long Now = 1_770_000_000_000;

    private readonly PushMetrics _metrics = new(new MetricRegistry());
    private readonly TextFieldEvents _events;

    public TextFieldEventsTests()
    {
        MetricsOptions options = MetricsOptions.Parse("inputs: { push: { events: { syslog: log, ids: ids.alert } } }");
        _events = new TextFieldEvents(new Current<InputSection>(options.Inputs), _metrics);
    }

    [Fact]
    public void What_Telegraf_reads_from_syslog_becomes_an_event()
    {
        Event one = Read("syslog,appname=sshd,facility=auth,host=relay,hostname=ctl-1,severity=err "
            + "message=\"no \\\"way\\\"\",procid=\"7\",severity_code=3i 1769999999123456789")!;
        one.Should().BeEquivalentTo(new
        {
            Kind = "log", Body = "no \"way\"", SeverityNumber = (byte)17, Time = 1_769_999_999_123_456_789, ObservedTime = Now * 1_000_000,
        });
        one.Fields.Select(f => $"{f.Name}={f.Value}").Should()
            .Equal("service.name=sshd", "facility=auth", "observer.name=relay", "host.name=ctl-1", "log.level=err", "process.pid=7");
    }

    [Theory]
    [InlineData("message=5i", "5", 0, "")]
    [InlineData("body=\"text\",severity_code=0i", "text", 21, "")]
    [InlineData("a=1,severity_code=8i", "", 0, "a=1 severity.code=8")]
    [InlineData("a=1,severity_code=\"err\"", "", 0, "a=1 severity.code=err")]
    [InlineData("kind=\"a\",id=1i,time=2i,severity_number=3i", "", 0,
        "labels.kind=a labels.id=1 labels.time=2 labels.severity_number=3")]
    public void Nothing_of_a_point_is_lost(string fields, string body, int severity, string others)
    {
        Event one = Read($"syslog {fields}")!;
        (one.Body, one.SeverityNumber).Should().Be((body, (byte)severity));
        string.Join(' ', one.Fields.Select(f => $"{f.Name}={f.Value}")).Should().Be(others);
    }

    [Fact]
    public void The_measurement_says_the_kind() => Read("ids signature=\"scan\"")!.Kind.Should().Be("ids.alert");

    [Fact]
    public void Another_measurement_is_no_event_and_its_text_is_counted()
    {
        Read("system uptime_format=\"2 days\"").Should().BeNull();
        _events.Refuse();
        _metrics.TextFields.Value.Should().Be(1);
    }

    private Event? Read(string line)
    {
        byte[] body = Encoding.UTF8.GetBytes(line);
        var reader = new LineProtocolReader(body);
        var point = new LineProtocolPoint();
        reader.Read(point, out _).Should().Be(LineResult.Point);
        using var batch = new EventBatch("t");
        return _events.TryAdd(body, point, Precision.Nanoseconds, Now, batch) ? batch.ToEvent(0) : null;
    }
}
