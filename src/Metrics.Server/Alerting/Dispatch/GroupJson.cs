using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Metrics.Formats;
using Metrics.Model;
using Metrics.Routing;
using Metrics.Storage;
using Metrics.Storage.State;

namespace Metrics.Alerting;

/// <summary>What is remembered of a group of alerts, as the state database keeps it.</summary>
internal static class GroupJson
{
    public static GroupState Read(GroupRow row) =>
        new(
            new GroupKey(row.Route, LabelsJson.Read(row.Labels)), new Timestamp(row.NextFlush), ReadLog(row.NotificationLog),
            [.. ReadOver(row.Over)]);

    public static string WriteLog(IReadOnlyDictionary<IntegrationId, NotificationLogEntry> log)
    {
        var all = new JsonObject();
        foreach ((IntegrationId integration, NotificationLogEntry entry) in log)
        {
            var one = new JsonObject
            {
                ["at"] = entry.At.Milliseconds,
                ["open"] = AlertId.Write(entry.Open),
                ["silent"] = AlertId.Write(entry.Marked),
            };
            if (entry.Flapping.Count > 0)
                one["flapping"] = AlertId.Write(entry.Flapping);
            all[integration.ToString()] = one;
        }
        return all.ToJsonString();
    }

    /// <summary>What is not an integration's name is passed over: whoever it was is notified anew.</summary>
    public static Dictionary<IntegrationId, NotificationLogEntry> ReadLog(string json)
    {
        var log = new Dictionary<IntegrationId, NotificationLogEntry>();
        foreach ((string name, JsonNode? entry) in JsonNode.Parse(json)!.AsObject())
        {
            if (!IntegrationId.TryParse(name, out IntegrationId id))
                continue;
            log[id] = new NotificationLogEntry(new Timestamp((long)entry!["at"]!), Ids("open"), Ids("silent"))
            {
                Flapping = Ids("flapping"),
            };

            HashSet<AlertId> Ids(string property) => AlertId.ParseAll((string?)entry![property] ?? "");
        }
        return log;
    }

    public static string WriteOver(IReadOnlyList<RoutedAlert> alerts)
    {
        if (alerts.Count == 0)
            return "[]";
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartArray();
            foreach (RoutedAlert alert in alerts)
            {
                json.WriteStartObject();
                json.WriteString("rule", alert.Rule.ToString());
                json.WriteString("series", LabelsJson.Write(alert.Alert.Series));
                json.WriteString("alert", AlertJson.Write(alert.Alert));
                json.WritePropertyName("before");
                AlertJson.WriteState(json, alert.Before);
                json.WriteNumber("at", alert.At.Milliseconds);
                json.WriteBoolean("flapping", alert.IsFlapping);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    public static IEnumerable<RoutedAlert> ReadOver(string json) => JsonNode.Parse(json)!.AsArray().Select(a => new RoutedAlert(
        RuleId.Parse((string)a!["rule"]!),
        AlertJson.Read((string)a["series"]!, (string)a["alert"]!),
        AlertJson.ReadState(a["before"]!.AsObject()),
        new Timestamp((long)a["at"]!)) { IsFlapping = (bool?)a["flapping"] ?? false });
}
