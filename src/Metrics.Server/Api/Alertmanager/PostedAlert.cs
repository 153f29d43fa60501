using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Metrics.Alerting;
using Metrics.Model;

namespace Metrics.Api.Alertmanager;

/// <summary>An alert as clients of an Alertmanager post it (<c>postableAlert</c>).</summary>
/// <remarks>https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml</remarks>
internal static class PostedAlert
{
    private const int MaxTexts = 64;
    private const int MaxName = 1024;
    private const int MaxText = 64 * 1024;

    /// <summary>Of an alert as it was sent: it is kept as long as it is open, over restarts too.</summary>
    private const int MaxAlertBytes = 256 * 1024;

    /// <summary>Reads one.</summary>
    /// <param name="alert">An element of what was posted.</param>
    /// <param name="now">When it came.</param>
    /// <param name="resolveTimeout">When one without an end ends unless it is sent again.</param>
    /// <exception cref="FormatException">It is none, or larger than is allowed; the message says where.</exception>
    public static SentAlert Read(JsonElement alert, Timestamp now, TimeSpan resolveTimeout)
    {
        if (alert.ValueKind != JsonValueKind.Object)
            throw new FormatException("an alert is an object with labels, annotations, startsAt, endsAt and generatorURL");
        if (JsonMarshal.GetRawUtf8Value(alert).Length is > MaxAlertBytes and var bytes)
            throw new FormatException($"an alert has {bytes} bytes; allowed are {MaxAlertBytes}");
        List<Label> pairs = [.. Texts(alert, "labels").Select(p => new Label(p.Key, p.Value))];
        if (!Labels.TryCreate([.. pairs], out Labels? labels, out string? repeated))
            throw new FormatException(repeated!.Length == 0 ? "a label name is empty" : $"the label '{repeated}' is given twice");
        if (labels!.Count == 0)
            throw new FormatException("at least one label pair required");
        Timestamp? startsAt = ReadTime(alert, "startsAt", labels), endsAt = ReadTime(alert, "endsAt", labels);
        if (startsAt > endsAt)
            throw new FormatException($"{labels}: start time must be before end time");
        var annotations = new Dictionary<string, string>();
        foreach ((string name, string text) in Texts(alert, "annotations").Where(p => p.Value.Length > 0))
            annotations[name] = text;
        bool hasUrl = alert.TryGetProperty("generatorURL", out JsonElement url) && url.ValueKind == JsonValueKind.String;
        string? generator = hasUrl && url.GetString() is { Length: > 0 } given ? given : null;
        Timestamp starts = startsAt ?? Timestamp.Min(endsAt ?? now, now);
        return new SentAlert(labels, annotations, starts, endsAt ?? now + resolveTimeout, generator);
    }

    private static IEnumerable<KeyValuePair<string, string>> Texts(JsonElement alert, string name)
    {
        if (!alert.TryGetProperty(name, out JsonElement map) || map.ValueKind == JsonValueKind.Null)
            yield break;
        if (map.ValueKind != JsonValueKind.Object)
            throw new FormatException($"{name} must be an object of texts");
        if (map.GetPropertyCount() is > MaxTexts and var count)
            throw new FormatException($"an alert has {count} {name}; allowed are {MaxTexts}");
        foreach (JsonProperty text in map.EnumerateObject())
        {
            if (text.Name.Length > MaxName)
                throw new FormatException($"a name of {name} is longer than {MaxName} characters");
            if (text.Value.ValueKind != JsonValueKind.String)
                throw new FormatException($"{name}.{text.Name} must be a text");
            if (text.Value.GetString()! is { Length: <= MaxText } value)
                yield return KeyValuePair.Create(text.Name, value);
            else
                throw new FormatException($"{name}.{text.Name} is longer than {MaxText} characters");
        }
    }

    /// <summary>A time; null where there is none, or Go's zero time, which clients send for none.</summary>
    private static Timestamp? ReadTime(JsonElement alert, string name, Labels labels)
    {
        if (!alert.TryGetProperty(name, out JsonElement time) || time.ValueKind == JsonValueKind.Null)
            return null;
        string? text = time.ValueKind == JsonValueKind.String ? time.GetString() : null;
        if (!DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset at))
            throw new FormatException($"{labels}: {name} must be a time such as 2026-01-31T08:00:00Z");
        return at.Year == 1 ? null : Timestamp.Of(at);
    }
}
