using System.Text.Json;
using Metrics.Model;
using Metrics.Query;
using Metrics.Query.Syntax;

namespace Metrics.Api.Prometheus;

/// <summary>Results as Prometheus writes them: numbers as texts, times as seconds.</summary>
internal static class ResultJson
{
    /// <summary><c>[1700000000.123,"1234.5"],</c></summary>
    private const int BytesPerPoint = 32;

    /// <summary><c>{"metric":{},"values":[]},</c></summary>
    private const int BytesPerSeries = 32;

    /// <summary><c>"":"",</c></summary>
    private const int BytesPerLabel = 6;

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

    /// <summary>About how many bytes a result is when it is written; they wait in memory until the client has taken them.</summary>
    public static long EstimateBytes(QueryResult result, int limit)
    {
        int count = limit > 0 ? limit : int.MaxValue;
        return result.Vector.Take(count).Sum(e => EstimateBytes(e.Labels) + BytesPerPoint)
            + result.Matrix.Take(count).Sum(s => EstimateBytes(s.Labels) + ((long)BytesPerPoint * s.Times.Length));
    }

    /// <summary>About how many bytes labels are when they are written.</summary>
    public static long EstimateBytes(Labels labels)
    {
        long bytes = BytesPerSeries;
        foreach (Label label in labels)
            bytes += label.Name.Length + label.Value.Length + BytesPerLabel;
        return bytes;
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
