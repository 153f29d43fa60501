using System.Text.Json;
using Metrics.Api;
using Metrics.Api.Alertmanager;
using Metrics.Model;

namespace Metrics.Fuzz;

/// <summary>Alerts that others post: each is taken, or refused with a reason.</summary>
internal static class AlertsTarget
{
    private static readonly Timestamp s_now = new(1_795_000_000_000);

    public static void Try(ReadOnlyMemory<byte> input)
    {
        JsonDocument body;
        try
        {
            body = JsonBody.Checked(JsonDocument.Parse(input));
        }
        catch (JsonException)
        {
            return;
        }
        using (body)
        {
            if (body.RootElement.ValueKind != JsonValueKind.Array)
                return;
            foreach (JsonElement alert in body.RootElement.EnumerateArray())
                Read(alert);
        }
    }

    private static void Read(JsonElement alert)
    {
        try
        {
            PostedAlert.Read(alert, s_now, TimeSpan.FromMinutes(5));
        }
        catch (FormatException)
        {
        }
    }
}
