using System.Globalization;

namespace Metrics.Storage.Samples.Influx;

/// <summary>Moments as versions 2 and 3 write them: RFC 3339 with up to nanoseconds, in version 3 without a zone, which is UTC.</summary>
internal static class InfluxTime
{
    /// <summary>Reads one.</summary>
    /// <param name="text">As it stands.</param>
    /// <param name="milliseconds">Since 1970 UTC.</param>
    public static bool TryParse(string text, out long milliseconds)
    {
        bool isOne = DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset at);
        milliseconds = isOne ? at.ToUnixTimeMilliseconds() : 0;
        return isOne;
    }
}
