using Metrics.Model;

namespace Metrics.Formats.Logs.Security;

/// <summary>That a scanner has come to the end of a look, whatever it has found: who looks each day is missed when it does not.</summary>
internal static class ScanEnd
{
    /// <summary>Value of <see cref="EventFields.ScanState"/>.</summary>
    public const string Finished = "finished";

    /// <summary>Notes it.</summary>
    /// <returns>True.</returns>
    public static bool Set(LogRecord record, string observer)
    {
        record.Set(EventFields.ScanState, Finished);
        record.Set(EventFields.ObserverName, observer);
        return true;
    }
}
