using System.Runtime.InteropServices;
using DuckDB.NET.Data;
using DuckDB.NET.Native;
using Metrics.Model;
using Metrics.Storage.DuckDb;

namespace Metrics.Storage.Samples.DuckDb;

/// <summary>Appends samples column by column: whole arrays are copied. A stale marker is written as NULL.</summary>
internal sealed class SampleAppender(DuckDBConnection connection, string table)
    : ChunkAppender(connection, table, DuckDBType.Integer, DuckDBType.BigInt, DuckDBType.Double)
{
    private readonly int[] _series = new int[VectorSize];
    private readonly long[] _times = new long[VectorSize];
    private readonly double[] _values = new double[VectorSize];

    /// <exception cref="IOException">DuckDB refuses what came before.</exception>
    public void Add(int series, long time, double value)
    {
        if (StaleMarker.Is(value))
            SetNull(2, Count);
        _series[Count] = series;
        _times[Count] = time;
        _values[Count] = value;
        EndRow();
    }

    protected override void FillVectors()
    {
        Marshal.Copy(_series, 0, Data(0), Count);
        Marshal.Copy(_times, 0, Data(1), Count);
        Marshal.Copy(_values, 0, Data(2), Count);
    }
}
