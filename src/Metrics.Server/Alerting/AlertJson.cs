using System.Text.Json;
using System.Text.Json.Nodes;
using Metrics.Formats;
using Metrics.Model;
using Metrics.Rules;
using Metrics.Storage;

namespace Metrics.Alerting;

/// <summary>Alerts as the state database keeps them.</summary>
internal static class AlertJson
{
    public static string Write(AlertInstance alert) => new JsonObject
    {
        ["labels"] = LabelsJson.Write(alert.Labels),
        ["state"] = WriteState(alert.State),
        ["value"] = FloatText.Format(alert.Value),
        ["bound"] = FloatText.Format(alert.Bound),
        ["annotations"] = JsonSerializer.SerializeToNode(alert.Annotations),
    }.ToJsonString();

    public static AlertInstance Read(string series, string json)
    {
        JsonObject o = JsonNode.Parse(json)!.AsObject();
        return new AlertInstance
        {
            Series = LabelsJson.Read(series),
            Labels = LabelsJson.Read((string)o["labels"]!),
            State = ReadState(o["state"]!.AsObject()),
            Value = Number(o["value"]!),
            Bound = Number(o["bound"]!),
            Annotations = o["annotations"]!.Deserialize<Dictionary<string, string>>()!,
        };
    }

    internal static JsonObject WriteState(AlertState state) => state switch
    {
        AlertState.Pending p => new() { ["is"] = "pending", ["since"] = p.Since },
        AlertState.Firing f => new() { ["is"] = "firing", ["since"] = f.Since, ["firedAt"] = f.FiredAt, ["clearSince"] = f.ClearSince },
        AlertState.NoData n => new() { ["is"] = "noData", ["since"] = n.Since, ["before"] = WriteState(n.Before) },
        _ => new() { ["is"] = "inactive", ["reason"] = ((AlertState.Inactive)state).Reason.ToString() },
    };

    internal static AlertState ReadState(JsonObject o) => (string)o["is"]! switch
    {
        "pending" => new AlertState.Pending((long)o["since"]!),
        "firing" => new AlertState.Firing((long)o["since"]!, (long)o["firedAt"]!, (long?)o["clearSince"]),
        "noData" => new AlertState.NoData(ReadState(o["before"]!.AsObject()), (long)o["since"]!),
        _ => new AlertState.Inactive(Enum.TryParse((string?)o["reason"], out EndReason reason) ? reason : EndReason.None),
    };

    private static double Number(JsonNode node) =>
        FloatText.TryParse(System.Text.Encoding.UTF8.GetBytes((string)node!), out double value) ? value : double.NaN;
}
