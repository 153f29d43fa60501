using System.Text.Encodings.Web;
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
    /// <summary>Quotes within texts cost one sign more, not five.</summary>
    private static readonly JsonWriterOptions s_plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Write(AlertInstance alert)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer, s_plain))
        {
            json.WriteStartObject();
            json.WriteString("labels", LabelsJson.Write(alert.Labels));
            json.WritePropertyName("state");
            WriteState(json, alert.State);
            if (alert.GeneratorUrl is { } url)
                json.WriteString("generatorUrl", url);
            json.WriteString("value", FloatText.Format(alert.Value));
            json.WriteString("bound", FloatText.Format(alert.Bound));
            json.WriteStartObject("annotations");
            foreach ((string name, string text) in alert.Annotations)
                json.WriteString(name, text);
            json.WriteEndObject();
            json.WriteEndObject();
        }
        return System.Text.Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    public static void WriteState(Utf8JsonWriter json, AlertState state)
    {
        json.WriteStartObject();
        switch (state)
        {
            case AlertState.Pending p:
                json.WriteString("is", "pending");
                json.WriteNumber("since", p.Since);
                break;
            case AlertState.Firing f:
                json.WriteString("is", "firing");
                json.WriteNumber("since", f.Since);
                json.WriteNumber("firedAt", f.FiredAt);
                if (f.ClearSince is { } clear)
                    json.WriteNumber("clearSince", clear);
                break;
            case AlertState.NoData n:
                json.WriteString("is", "noData");
                json.WriteNumber("since", n.Since);
                json.WritePropertyName("before");
                WriteState(json, n.Before);
                break;
            default:
                json.WriteString("is", "inactive");
                json.WriteString("reason", ((AlertState.Inactive)state).Reason.ToString());
                break;
        }
        json.WriteEndObject();
    }

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
            GeneratorUrl = (string?)o["generatorUrl"],
            Annotations = o["annotations"]!.Deserialize<Dictionary<string, string>>()!,
        };
    }

    public static AlertState ReadState(JsonObject o) => (string)o["is"]! switch
    {
        "pending" => new AlertState.Pending((long)o["since"]!),
        "firing" => new AlertState.Firing((long)o["since"]!, (long)o["firedAt"]!, (long?)o["clearSince"]),
        "noData" => new AlertState.NoData(ReadState(o["before"]!.AsObject()), (long)o["since"]!),
        _ => new AlertState.Inactive(Enum.TryParse((string?)o["reason"], out EndReason reason) ? reason : EndReason.None),
    };

    private static double Number(JsonNode node) =>
        FloatText.TryParse(System.Text.Encoding.UTF8.GetBytes((string)node!), out double value) ? value : double.NaN;
}
