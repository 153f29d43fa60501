using Metrics.Model;

namespace Metrics.Pollers.Host;

/// <summary>This machine's clock, its time zone, and where the kernel takes the time from.</summary>
/// <remarks>Source: <c>/sys/devices/system/clocksource</c>.</remarks>
internal sealed class TimePoller(HostFiles files, TimeProvider time) : IPoller
{
    private static readonly Metric s_now = Metric.Gauge("node_time_seconds", "System time in seconds since epoch (1970).");
    private static readonly Metric s_zone =
        Metric.Gauge("node_time_zone_offset_seconds", "System time zone offset in seconds.", "time_zone");
    private static readonly Metric s_available =
        Metric.Gauge("node_time_clocksource_available_info", "Available clocksources read from '/sys/devices/system/clocksource'.",
            "device", "clocksource");
    private static readonly Metric s_current =
        Metric.Gauge("node_time_clocksource_current_info", "Current clocksource read from '/sys/devices/system/clocksource'.", "device",
            "clocksource");

    public ValueTask PollAsync(SampleSink sink, CancellationToken ct)
    {
        DateTimeOffset now = time.GetUtcNow();
        sink.Add(s_now, now.ToUnixTimeMilliseconds() / 1000.0);
        TimeZoneInfo zone = time.LocalTimeZone;
        sink.Add(s_zone, zone.GetUtcOffset(now).TotalSeconds, zone.HasIanaId && zone.Id is "Etc/UTC" ? "UTC" : zone.Id);
        foreach (string device in HostFiles.Entries(files.Sys("devices/system/clocksource"), "clocksource"))
        {
            string folder = files.Sys($"devices/system/clocksource/{device}"), number = device["clocksource".Length..];
            foreach (string source in HostFiles.Words(HostFiles.TryText(Path.Combine(folder, "available_clocksource")) ?? ""))
                sink.Add(s_available, 1, number, source);
            if (HostFiles.TryText(Path.Combine(folder, "current_clocksource")) is { Length: > 0 } current)
                sink.Add(s_current, 1, number, current);
        }
        return ValueTask.CompletedTask;
    }
}
