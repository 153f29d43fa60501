using Metrics.Model;

namespace Metrics.Tests.Model;

/// <summary>Names of events' fields.</summary>
public sealed class EventFieldsTests
{
    [Fact]
    public void Every_field_can_be_named_as_a_label()
    {
        foreach (string field in typeof(EventFields).GetFields().Where(f => f.IsLiteral).Select(f => (string)f.GetRawConstantValue()!))
            EventFields.FullName(EventFields.LabelName(field)).Should().Be(field);
    }
}
