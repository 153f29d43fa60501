using Metrics.Model;

namespace Metrics.Formats.Logs.Servers;

/// <summary>What lines about the start and the stop of a service become, whichever service it is.</summary>
internal static class ServiceLife
{
    /// <summary>The service was started.</summary>
    public static void SetStart(this LogRecord record)
    {
        record.Kind = EventKinds.ServiceStart;
        record.Set(EventFields.Action, "start");
    }

    /// <summary>The service was stopped.</summary>
    public static void SetStop(this LogRecord record)
    {
        record.Kind = EventKinds.ServiceStop;
        record.Set(EventFields.Action, "stop");
    }
}
