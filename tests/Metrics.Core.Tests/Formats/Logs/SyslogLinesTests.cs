using Metrics.Formats.Logs;
using Metrics.Model;

namespace Metrics.Tests.Formats.Logs;

/// <summary>Files of syslog daemons, and what holds of all kinds and fields.</summary>
public sealed class SyslogLinesTests
{
    [Fact]
    public void Headers_become_fields() => LogCases.Check("syslog");

    [Fact]
    public void Every_field_can_be_named_as_a_label()
    {
        foreach (string field in typeof(EventFields).GetFields().Where(f => f.IsLiteral).Select(f => (string)f.GetRawConstantValue()!))
            EventFields.FullName(EventFields.LabelName(field)).Should().Be(field);
    }

    [Fact]
    public void Formats_and_programs_have_one_reader_each()
    {
        LogFormats.All.Select(f => f.Name).Should().OnlyHaveUniqueItems();
        LogMessages.All.SelectMany(f => f.Programs).Should().OnlyHaveUniqueItems();
    }
}
