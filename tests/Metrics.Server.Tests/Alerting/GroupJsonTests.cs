using Metrics.Alerting;
using Metrics.Model;
using Metrics.Routing;
using Metrics.Rules;
using Metrics.Storage.State;

namespace Metrics.Tests.Alerting;

/// <summary>What the state database holds of groups must be read by the next release.</summary>
public sealed class GroupJsonTests
{
    private const string One = "0123456789abcdef0123456789abcdef", Two = "00000000000000000000000000000001";

    /// <summary>As the release before wrote it.</summary>
    private static readonly GroupRow s_row = new()
    {
        Route = "{}/{team=\"db\"}/0",
        Labels = """{"alertname":"Hot"}""",
        NextFlush = 7,
        NotificationLog = $$"""{"ops/email/0":{"at":5,"open":"{{One}} {{Two}}","silent":"{{Two}}"},"""
            + "\"team/db/webhook/1\":{\"at\":6,\"open\":\"\",\"silent\":\"\"}}",
        Over = """
            [{
              "rule":"f.yaml;g;Hot#2","series":"{\"host\":\"a\"}",
              "alert":
              "{\"labels\":\"{}\",\"state\":{\"is\":\"inactive\",\"reason\":\"None\"},\"value\":\"2\",\"bound\":\"3\",\"annotations\":{}}",
              "before":{"is":"noData","since":3,"before":{"is":"firing","since":1,"firedAt":2,"clearSince":null}},"at":4,"flapping":true
            }]
            """,
    };

    [Fact]
    public void A_group_of_the_release_before_is_read()
    {
        GroupState group = GroupJson.Read(s_row);
        group.Key.Should().Be(new GroupKey(s_row.Route, Labels.Of(new Label("alertname", "Hot"))));
        group.NextFlush.Milliseconds.Should().Be(7);
        group.Log.Keys.Should().Equal(new IntegrationId("ops", "email", 0), new IntegrationId("team/db", "webhook", 1));
        NotificationLogEntry entry = group.Log[new("ops", "email", 0)];
        entry.At.Milliseconds.Should().Be(5);
        entry.Open.Should().Equal(AlertId.Parse(One), AlertId.Parse(Two));
        entry.Marked.Should().Equal(AlertId.Parse(Two));
        RoutedAlert over = group.Over.Single();
        (over.Rule.Name, over.Rule.Ordinal, over.At.Milliseconds, over.IsFlapping).Should().Be(("Hot", 2, 4, true));
        over.Before.Should().Be(new AlertState.NoData(new AlertState.Firing(1, 2), 3));
        over.Alert.State.Should().Be(new AlertState.Inactive(EndReason.None));
    }

    [Fact]
    public void What_is_written_is_read_as_it_was()
    {
        GroupState group = GroupJson.Read(s_row);
        GroupJson.WriteLog(group.Log).Should().Be(s_row.NotificationLog);
        GroupJson.WriteOver([.. GroupJson.ReadOver(GroupJson.WriteOver(group.Over))]).Should().Be(GroupJson.WriteOver(group.Over));
        GroupJson.ReadOver(GroupJson.WriteOver(group.Over)).Single().Before.Should().Be(group.Over[0].Before);
    }

    [Fact]
    public void Who_knows_an_alert_to_flap_still_does_after_a_restart()
    {
        const string Log = """{"ops/email/0":{"at":5,"open":"ID","silent":"ID","flapping":"ID"}}""";
        string log = Log.Replace("ID", One, StringComparison.Ordinal);
        GroupJson.ReadLog(log)[new("ops", "email", 0)].Flapping.Should().Equal(AlertId.Parse(One));
        GroupJson.WriteLog(GroupJson.ReadLog(log)).Should().Be(log);
    }

    [Fact]
    public void An_integration_that_cannot_be_read_costs_no_group() =>
        GroupJson.ReadLog("""{"ops":{"at":5,"open":"","silent":""}}""").Should().BeEmpty();
}
