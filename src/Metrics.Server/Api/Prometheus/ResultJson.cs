using System.Text.Json;
using Metrics.Model;
using Metrics.Query;
using Metrics.Query.Syntax;

namespace Metrics.Api.Prometheus;

/// <summary>Results as Prometheus writes them: numbers as texts, times as seconds.</summary>
internal static class ResultJson
{
    public static void Write(Utf8JsonWriter json, QueryResult result, long at, int limit)
    {
        json.WriteStartObject();
        json.WriteString("resultType", result.Type.ToString().ToLowerInvariant());
        json.WritePropertyName("result");
        switch (result.Type)
        {
            case ExprType.Scalar:
                WritePoint(json, result.Vector[0].Sample.Time, result.Vector[0].Sample.Value);
                break;
            case ExprType.String:
                json.WriteStartArray();
                WriteTime(json, at);
                json.WriteStringValue(result.Text);
                json.WriteEndArray();
                break;
            case ExprType.Vector:
                json.WriteStartArray();
                foreach (VectorElement element in limit > 0 ? result.Vector.Take(limit) : result.Vector)
                {
                    json.WriteStartObject();
                    WriteLabels(json, "metric", element.Labels);
                    json.WritePropertyName("value");
                    WritePoint(json, element.Sample.Time, element.Sample.Value);
                    json.WriteEndObject();
                }
                json.WriteEndArray();
                break;
            default:
                json.WriteStartArray();
                foreach (RangeSeries series in limit > 0 ? result.Matrix.Take(limit) : result.Matrix)
                {
                    json.WriteStartObject();
                    WriteLabels(json, "metric", series.Labels);
                    json.WriteStartArray("values");
                    for (int i = 0; i < series.Times.Length; i++)
                        WritePoint(json, series.Times[i], series.Values[i]);
                    json.WriteEndArray();
                    json.WriteEndObject();
                }
                json.WriteEndArray();
                break;
        }
        json.WriteEndObject();
    }

    public static void WriteLabels(Utf8JsonWriter json, string property, Labels labels)
    {
        json.WritePropertyName(property);
        WriteLabels(json, labels);
    }

    public static void WriteLabels(Utf8JsonWriter json, Labels labels)
    {
        json.WriteStartObject();
        foreach (Label label in labels)
            json.WriteString(label.Name, label.Value);
        json.WriteEndObject();
    }

    private static void WritePoint(Utf8JsonWriter json, long time, double value)
    {
        json.WriteStartArray();
        WriteTime(json, time);
        json.WriteStringValue(ApiParameters.Number(value));
        json.WriteEndArray();
    }

    private static void WriteTime(Utf8JsonWriter json, long time)
    {
        Span<byte> text = stackalloc byte[32];
        json.WriteRawValue(text[..ApiParameters.WriteSeconds(time, text)], skipInputValidation: true);
    }
}
