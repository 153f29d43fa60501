using System.Runtime.InteropServices;
using System.Text;
using DuckDB.NET.Data;
using DuckDB.NET.Native;
using NativeAppender = DuckDB.NET.Native.DuckDBAppender;

namespace Metrics.Storage.DuckDb;

/// <summary>
/// Appends rows to a table, within the transaction of the connection, straight into DuckDB's vectors: the library's own appender makes one
/// object a row, and ends a text at its first NUL.
/// </summary>
/// <remarks>https://duckdb.org/docs/stable/clients/c/data_chunk and /appender</remarks>
internal abstract partial class ChunkAppender : IDisposable
{
    /// <summary>Rows of a DuckDB vector (<c>STANDARD_VECTOR_SIZE</c>).</summary>
    protected const int VectorSize = 2048;

    private static readonly byte[] s_nothing = [0];

    private readonly NativeAppender _appender;
    private readonly DuckDBDataChunk _chunk;
    private readonly nint[] _vectors;
    private readonly nint[] _data;
    private byte[] _utf8 = new byte[1024];

    /// <param name="connection">The connection that writes.</param>
    /// <param name="table">An existing table.</param>
    /// <param name="columns">Types of its columns, in their order.</param>
    /// <exception cref="IOException">DuckDB refuses it.</exception>
    protected ChunkAppender(DuckDBConnection connection, string table, params DuckDBType[] columns)
    {
        Check(NativeMethods.Appender.DuckDBAppenderCreate(connection.NativeConnection, null!, table, out _appender), "create");
        DuckDBLogicalType[] types = [.. columns.Select(NativeMethods.LogicalType.DuckDBCreateLogicalType)];
        _chunk = NativeMethods.DataChunks.DuckDBCreateDataChunk([.. types.Select(t => t.DangerousGetHandle())], (ulong)types.Length);
        foreach (DuckDBLogicalType type in types)
            type.Dispose();
        _vectors = new nint[columns.Length];
        _data = new nint[columns.Length];
        Begin();
    }

    /// <summary>Rows in the vectors; the place of the row that is being written.</summary>
    protected int Count { get; private set; }

    /// <summary>Hands the rest over to the transaction.</summary>
    /// <exception cref="IOException">DuckDB refuses it.</exception>
    public void Close()
    {
        if (Count > 0)
            AppendChunk();
        Check(NativeMethods.Appender.DuckDBAppenderClose(_appender), "close");
    }

    public void Dispose()
    {
        _chunk.Dispose();
        _appender.Dispose();
    }

    /// <summary>Called before the vectors are handed over: for columns that are copied whole.</summary>
    protected virtual void FillVectors()
    {
    }

    /// <summary>Where the values of a column lie until the vectors are handed over.</summary>
    protected nint Data(int column) => _data[column];

    /// <summary>Writes a whole number into the newest row.</summary>
    protected void Set(int column, long value) => Marshal.WriteInt64(_data[column] + (Count * sizeof(long)), value);

    /// <inheritdoc cref="Set(int, long)" />
    protected void Set(int column, byte value) => Marshal.WriteByte(_data[column] + Count, value);

    /// <summary>Writes a text, or NULL, into the newest row.</summary>
    protected void Set(int column, string? text)
    {
        if (text is null)
        {
            SetNull(column, Count);
            return;
        }
        int max = Encoding.UTF8.GetMaxByteCount(text.Length);
        if (max > _utf8.Length)
            _utf8 = new byte[max];
        Set(column, _utf8.AsSpan(0, Encoding.UTF8.GetBytes(text, _utf8)));
    }

    /// <summary>Writes a text that is UTF-8 already into the newest row.</summary>
    protected void Set(int column, ReadOnlySpan<byte> utf8)
    {
        ReadOnlySpan<byte> from = utf8.IsEmpty ? s_nothing : utf8;
        AssignText(_vectors[column], (ulong)Count, in from[0], (ulong)utf8.Length);
    }

    /// <summary>Makes a value NULL.</summary>
    protected void SetNull(int column, int row)
    {
        EnsureValidityWritable(_vectors[column]);
        nint word = GetValidity(_vectors[column]) + (row / 64 * sizeof(long));
        Marshal.WriteInt64(word, Marshal.ReadInt64(word) & ~(1L << (row % 64)));
    }

    /// <summary>Goes to the next row.</summary>
    /// <exception cref="IOException">DuckDB refuses those before it.</exception>
    protected void EndRow()
    {
        if (++Count == VectorSize)
            AppendChunk();
    }

    private void AppendChunk()
    {
        FillVectors();
        NativeMethods.DataChunks.DuckDBDataChunkSetSize(_chunk, (ulong)Count);
        Check(NativeMethods.Appender.DuckDBAppendDataChunk(_appender, _chunk), "append");
        NativeMethods.DataChunks.DuckDBDataChunkReset(_chunk);
        Begin();
    }

    private void Begin()
    {
        Count = 0;
        for (int column = 0; column < _vectors.Length; column++)
        {
            _vectors[column] = NativeMethods.DataChunks.DuckDBDataChunkGetVector(_chunk, column);
            _data[column] = GetData(_vectors[column]);
        }
    }

    private void Check(DuckDBState state, string what)
    {
        if (state == DuckDBState.Success)
            return;
        string reason = _appender.IsInvalid
            ? $"cannot {what} an appender"
            : Marshal.PtrToStringUTF8(AppenderError(_appender)) ?? $"cannot {what}";
        throw new IOException(reason);
    }

    // The library gives these as pointers; as addresses and references they need no unsafe code of ours.
    [LibraryImport("duckdb", EntryPoint = "duckdb_vector_get_data")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint GetData(nint vector);

    [LibraryImport("duckdb", EntryPoint = "duckdb_vector_get_validity")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint GetValidity(nint vector);

    [LibraryImport("duckdb", EntryPoint = "duckdb_vector_ensure_validity_writable")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial void EnsureValidityWritable(nint vector);

    [LibraryImport("duckdb", EntryPoint = "duckdb_vector_assign_string_element_len")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial void AssignText(nint vector, ulong row, in byte text, ulong length);

    [LibraryImport("duckdb", EntryPoint = "duckdb_appender_error")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint AppenderError(NativeAppender appender);
}
