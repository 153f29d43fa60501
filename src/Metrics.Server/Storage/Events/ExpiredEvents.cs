using System.Globalization;
using DuckDB.NET.Data;
using Metrics.Model;

namespace Metrics.Storage.Events;

/// <summary>How far events have gone for age or size, in the log itself: who reads behind knows then what was there.</summary>
internal static class ExpiredEvents
{
    private const string Source = "event log";
    private const string Key = "expired";

    /// <summary>Notes the last that went, within the transaction of the connection.</summary>
    public static void Save(DuckDBConnection connection, long id) =>
        EventPositions.Save(connection, [new SourcePosition(Source, Key, id.ToString(CultureInfo.InvariantCulture))]);

    /// <summary>The last that went; 0 when none did.</summary>
    public static long Load(DuckDBConnection connection) =>
        EventPositions.Load(connection, Source).FirstOrDefault(p => p.Key == Key)?.State is { } state
        && long.TryParse(state, NumberStyles.None, CultureInfo.InvariantCulture, out long id) ? id : 0;
}
