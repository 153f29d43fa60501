using Metrics.Text;

namespace Metrics.Inputs;

/// <summary>The key <c>time_zone</c>: where times without zone are from.</summary>
internal static class InputZone
{
    /// <summary>Reads it; default is the machine's.</summary>
    public static TimeZoneInfo Read(YamlSection section)
    {
        if (section.Text("time_zone") is not { } name || name == "local")
            return TimeZoneInfo.Local;
        if (TimeZoneInfo.TryFindSystemTimeZoneById(name, out TimeZoneInfo? zone))
            return zone.HasSameRules(TimeZoneInfo.Utc) ? TimeZoneInfo.Utc : zone;
        section.Report("time_zone", $"is '{name}'; it must be local or a name such as UTC or Europe/Berlin");
        return TimeZoneInfo.Utc;
    }
}
