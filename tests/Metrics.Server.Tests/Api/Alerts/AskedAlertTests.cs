using Metrics.Alerting;
using Metrics.Api.Alerts;
using Metrics.Model;
using Metrics.Rules;

namespace Metrics.Tests.Api.Alerts;

public sealed class AskedAlertTests
{
    [Theory]
    [InlineData("Down{host=\"a\"}", true)]
    [InlineData("Down{severity=\"critical\"}", true)]
    [InlineData("Down{severity!=\"critical\"}", false)]
    [InlineData("Down{severity=\"\"}", false)]
    [InlineData("Down{mode=\"idle\"}", true)]
    [InlineData("Down{mode!=\"idle\"}", false)]
    [InlineData("Up{host=\"a\"}", false)]
    public void An_alert_is_meant_by_its_labels_and_those_of_its_series_together(string asked, bool isMeant)
    {
        var alert = new ActiveAlert(RuleId.Parse("f;g;Down"), new AlertInstance
        {
            Series = Labels.Of(new Label("host", "a"), new Label("mode", "idle")),
            Labels = Labels.Of(new Label("alertname", "Down"), new Label("host", "a"), new Label("severity", "critical")),
            State = new AlertState.Firing(0, 0),
        });
        AskedAlert.Read(asked, out _)!.Matches(alert).Should().Be(isMeant);
    }
}
