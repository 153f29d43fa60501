using System.Globalization;
using System.Text.Json.Nodes;
using Metrics.Model;
using Metrics.Routing;
using Metrics.Storage;

namespace Metrics.Alerting;

/// <summary>What is remembered of a group of alerts, as the state database keeps it.</summary>
internal static class GroupJson
{
    public static string WriteTold(IReadOnlyDictionary<string, Told> told)
    {
        var all = new JsonObject();
        foreach ((string integration, Told what) in told)
            all[integration] = new JsonObject { ["at"] = what.At, ["open"] = Write(what.Open), ["silent"] = Write(what.Marked) };
        return all.ToJsonString();
    }

    public static Dictionary<string, Told> ReadTold(string json) => JsonNode.Parse(json)!.AsObject()
        .ToDictionary(t => t.Key, t => new Told((long)t.Value!["at"]!, ReadIds(t.Value["open"]!), ReadIds(t.Value["silent"]!)));

    public static string WriteOver(IEnumerable<RoutedAlert> alerts) => new JsonArray([.. alerts.Select(a => new JsonObject
    {
        ["rule"] = a.Rule, ["series"] = LabelsJson.Write(a.Alert.Series), ["alert"] = AlertJson.Write(a.Alert), ["before"] = AlertJson.WriteState(a.Before), ["at"] = a.At, ["flapping"] = a.IsFlapping,
    })]).ToJsonString();

    public static IEnumerable<RoutedAlert> ReadOver(string json) => JsonNode.Parse(json)!.AsArray()
        .Select(a => new RoutedAlert((string)a!["rule"]!, AlertJson.Read((string)a["series"]!, (string)a["alert"]!), AlertJson.ReadState(a["before"]!.AsObject()), (long)a["at"]!) { IsFlapping = (bool?)a["flapping"] ?? false });

    /// <summary>Half a hundred thousand ids are one text rather than so many nodes.</summary>
    private static string Write(IReadOnlySet<UInt128> ids) => string.Join(' ', ids.Select(i => i.ToString("x32", CultureInfo.InvariantCulture)));

    private static HashSet<UInt128> ReadIds(JsonNode text) =>
        [.. ((string)text!).Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(i => UInt128.Parse(i, NumberStyles.HexNumber, CultureInfo.InvariantCulture))];
}
