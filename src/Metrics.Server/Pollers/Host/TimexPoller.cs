using System.Runtime.InteropServices;
using Metrics.Model;

namespace Metrics.Pollers.Host;

/// <summary>The kernel's clock discipline: offset, error bounds, whether it is synchronised.</summary>
/// <remarks>Source: adjtimex(2), asked without changing anything; microseconds or, with STA_NANO, nanoseconds there.</remarks>
internal sealed partial class TimexPoller : IPoller
{
    private const int StatusNano = 0x2000;
    private const int StateError = 5;
    private const double FrequencyScale = 65536.0 * 1e6;   // parts per million with a 16-bit fraction

    private static readonly Metric s_offset =
        Metric.Gauge("node_timex_offset_seconds", "Time offset in between local system and reference clock.");
    private static readonly Metric s_frequency = Metric.Gauge("node_timex_frequency_adjustment_ratio", "Local clock frequency adjustment.");
    private static readonly Metric s_maxError = Metric.Gauge("node_timex_maxerror_seconds", "Maximum error in seconds.");
    private static readonly Metric s_estimatedError = Metric.Gauge("node_timex_estimated_error_seconds", "Estimated error in seconds.");
    private static readonly Metric s_status = Metric.Gauge("node_timex_status", "Value of the status array bits.");
    private static readonly Metric s_constant = Metric.Gauge("node_timex_loop_time_constant", "Phase-locked loop time constant.");
    private static readonly Metric s_tick = Metric.Gauge("node_timex_tick_seconds", "Seconds between clock ticks.");
    private static readonly Metric s_ppsFrequency = Metric.Gauge("node_timex_pps_frequency_hertz", "Pulse per second frequency.");
    private static readonly Metric s_ppsJitter = Metric.Gauge("node_timex_pps_jitter_seconds", "Pulse per second jitter.");
    private static readonly Metric s_ppsShift = Metric.Gauge("node_timex_pps_shift_seconds", "Pulse per second interval duration.");
    private static readonly Metric s_ppsStability =
        Metric.Gauge("node_timex_pps_stability_hertz", "Pulse per second stability, average of recent frequency changes.");
    private static readonly Metric s_ppsJitterTotal =
        Metric.Counter("node_timex_pps_jitter_total", "Pulse per second count of jitter limit exceeded events.");
    private static readonly Metric s_ppsCalibration =
        Metric.Counter("node_timex_pps_calibration_total", "Pulse per second count of calibration intervals.");
    private static readonly Metric s_ppsError =
        Metric.Counter("node_timex_pps_error_total", "Pulse per second count of calibration errors.");
    private static readonly Metric s_ppsExceeded =
        Metric.Counter("node_timex_pps_stability_exceeded_total", "Pulse per second count of stability limit exceeded events.");
    private static readonly Metric s_tai = Metric.Gauge("node_timex_tai_offset_seconds", "International Atomic Time (TAI) offset.");
    private static readonly Metric s_sync =
        Metric.Gauge("node_timex_sync_status", "Is clock synchronized to a reliable server (1 = yes, 0 = no).");

    public ValueTask PollAsync(SampleSink sink, CancellationToken ct)
    {
        var timex = default(Timex);
        int state = AskClock(ref timex);
        if (state < 0)
            throw new InvalidOperationException("adjtimex is not permitted here");
        double divisor = (timex.Status & StatusNano) != 0 ? 1e9 : 1e6;
        sink.Add(s_sync, state == StateError ? 0 : 1);
        sink.Add(s_offset, timex.Offset / divisor);
        sink.Add(s_frequency, 1 + (timex.Frequency / FrequencyScale));
        sink.Add(s_maxError, timex.MaxError / 1e6);
        sink.Add(s_estimatedError, timex.EstimatedError / 1e6);
        sink.Add(s_status, timex.Status);
        sink.Add(s_constant, timex.Constant);
        sink.Add(s_tick, timex.Tick / 1e6);
        sink.Add(s_ppsFrequency, timex.PpsFrequency / FrequencyScale);
        sink.Add(s_ppsJitter, timex.PpsJitter / divisor);
        sink.Add(s_ppsShift, timex.PpsShift);
        sink.Add(s_ppsStability, timex.PpsStability / FrequencyScale);
        sink.Add(s_ppsJitterTotal, timex.PpsJitterCount);
        sink.Add(s_ppsCalibration, timex.PpsCalibrationCount);
        sink.Add(s_ppsError, timex.PpsErrorCount);
        sink.Add(s_ppsExceeded, timex.PpsStabilityCount);
        sink.Add(s_tai, timex.Tai);
        return ValueTask.CompletedTask;
    }

    /// <summary><c>struct timex</c> of 64-bit Linux.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Timex
    {
        public uint Modes;
        public long Offset, Frequency, MaxError, EstimatedError;
        public int Status;
        public long Constant, Precision, Tolerance, Seconds, Fraction, Tick, PpsFrequency, PpsJitter;
        public int PpsShift;
        public long PpsStability, PpsJitterCount, PpsCalibrationCount, PpsErrorCount, PpsStabilityCount;
        public int Tai;
        private readonly int _0, _1, _2, _3, _4, _5, _6, _7, _8, _9, _10;
    }

    [LibraryImport("libc", EntryPoint = "adjtimex", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int AskClock(ref Timex timex);
}
