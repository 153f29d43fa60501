namespace Metrics.Tests.Formats.Logs;

/// <summary>Files of syslog daemons.</summary>
public sealed class SyslogLinesTests
{
    [Fact]
    public void Headers_become_fields() => LogCases.Check("syslog");
}
