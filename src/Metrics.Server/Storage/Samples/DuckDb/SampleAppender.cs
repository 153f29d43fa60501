using System.Runtime.InteropServices;
using DuckDB.NET.Data;
using DuckDB.NET.Native;
using Metrics.Model;
using NativeAppender = DuckDB.NET.Native.DuckDBAppender;

namespace Metrics.Storage.Samples.DuckDb;

/// <summary>
/// Appends samples column by column: whole arrays are copied into DuckDB's vectors, where the library's own appender makes one call a value
/// and one object a row. A stale marker is written as NULL.
/// </summary>
/// <remarks>https://duckdb.org/docs/stable/clients/c/data_chunk and /appender</remarks>
internal sealed class SampleAppender : IDisposable
{
    /// <summary>Rows of a DuckDB vector (<c>STANDARD_VECTOR_SIZE</c>).</summary>
    private const int VectorSize = 2048;

    private readonly NativeAppender _appender;
    private readonly DuckDBDataChunk _chunk;
    private readonly int[] _series = new int[VectorSize];
    private readonly long[] _times = new long[VectorSize];
    private readonly double[] _values = new double[VectorSize];
    private readonly List<int> _nulls = [];
    private int _count;

    public SampleAppender(DuckDBConnection connection, string table)
    {
        DuckDBState state = NativeMethods.Appender.DuckDBAppenderCreate(connection.NativeConnection, null!, table, out _appender);
        Check(state, "create");
        using DuckDBLogicalType series = NativeMethods.LogicalType.DuckDBCreateLogicalType(DuckDBType.Integer);
        using DuckDBLogicalType time = NativeMethods.LogicalType.DuckDBCreateLogicalType(DuckDBType.BigInt);
        using DuckDBLogicalType value = NativeMethods.LogicalType.DuckDBCreateLogicalType(DuckDBType.Double);
        _chunk = NativeMethods.DataChunks.DuckDBCreateDataChunk(
            [series.DangerousGetHandle(), time.DangerousGetHandle(), value.DangerousGetHandle()], 3);
    }

    public void Add(int series, long time, double value)
    {
        if (StaleMarker.Is(value))
            _nulls.Add(_count);
        _series[_count] = series;
        _times[_count] = time;
        _values[_count] = value;
        if (++_count == VectorSize)
            AppendChunk();
    }

    /// <summary>Hands the rest over to the transaction.</summary>
    /// <exception cref="StoreException">DuckDB refuses it.</exception>
    public void Flush()
    {
        if (_count > 0)
            AppendChunk();
        Check(NativeMethods.Appender.DuckDBAppenderClose(_appender), "close");
    }

    public void Dispose()
    {
        _chunk.Dispose();
        _appender.Dispose();
    }

    private void AppendChunk()
    {
        NativeMethods.DataChunks.DuckDBDataChunkReset(_chunk);
        Marshal.Copy(_series, 0, VectorData(0, out _), _count);
        Marshal.Copy(_times, 0, VectorData(1, out _), _count);
        Marshal.Copy(_values, 0, VectorData(2, out nint values), _count);
        if (_nulls.Count > 0)
            MarkNulls(values);
        NativeMethods.DataChunks.DuckDBDataChunkSetSize(_chunk, (ulong)_count);
        Check(NativeMethods.Appender.DuckDBAppendDataChunk(_appender, _chunk), "append");
        _count = 0;
    }

    private nint VectorData(int column, out nint vector)
    {
        vector = NativeMethods.DataChunks.DuckDBDataChunkGetVector(_chunk, column);
        return GetData(vector);
    }

    private void MarkNulls(nint vector)
    {
        EnsureValidityWritable(vector);
        nint mask = GetValidity(vector);
        foreach (int row in _nulls)
        {
            nint word = mask + (row / 64 * sizeof(long));
            Marshal.WriteInt64(word, Marshal.ReadInt64(word) & ~(1L << (row % 64)));
        }
        _nulls.Clear();
    }

    private void Check(DuckDBState state, string what)
    {
        if (state == DuckDBState.Success)
            return;
        string reason = _appender.IsInvalid
            ? $"cannot {what} an appender"
            : Marshal.PtrToStringUTF8(AppenderError(_appender)) ?? $"cannot {what}";
        throw new StoreException(reason);
    }

    // The library gives these as pointers; as addresses they need no unsafe code.
#pragma warning disable SYSLIB1054 // LibraryImport would need unsafe code
    [DllImport("duckdb", EntryPoint = "duckdb_vector_get_data")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint GetData(nint vector);

    [DllImport("duckdb", EntryPoint = "duckdb_vector_get_validity")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint GetValidity(nint vector);

    [DllImport("duckdb", EntryPoint = "duckdb_vector_ensure_validity_writable")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern void EnsureValidityWritable(nint vector);

    [DllImport("duckdb", EntryPoint = "duckdb_appender_error")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint AppenderError(NativeAppender appender);
#pragma warning restore SYSLIB1054
}
