using System.Buffers;
using DuckDB.NET.Data;
using DuckDB.NET.Native;
using Metrics.Model;
using Metrics.Storage.DuckDb;

namespace Metrics.Storage.Events;

/// <summary>Appends events to a table: its columns are those of <see cref="EventTable"/>, in their order.</summary>
internal sealed class EventAppender : ChunkAppender
{
    private readonly ArrayBufferWriter<byte> _buffer = new(1024);

    public EventAppender(DuckDBConnection connection, string table)
        : base(connection, table, DuckDBType.BigInt, DuckDBType.BigInt, DuckDBType.BigInt, DuckDBType.Varchar, DuckDBType.UnsignedTinyInt,
            DuckDBType.Varchar, DuckDBType.Varchar, DuckDBType.Varchar, DuckDBType.Varchar)
    {
    }

    /// <exception cref="IOException">DuckDB refuses what came before.</exception>
    public void Add(EventBatch batch, int row)
    {
        Set(0, batch.Ids[row]);
        Set(1, batch.Times[row]);
        Set(2, batch.ObservedTimes[row]);
        Set(3, batch.Kinds[row]);
        Set(4, batch.Severities[row]);
        SetField(5, batch, row, EventFields.Host);
        SetField(6, batch, row, EventFields.Service);
        Set(7, batch.BodyOf(row));
        Set(8, EventAttributes.Write(batch.FieldsOf(row), _buffer));
        EndRow();
    }

    private void SetField(int column, EventBatch batch, int row, string name)
    {
        if (batch.TryFind(row, name, out ReadOnlySpan<byte> value))
            Set(column, value);
        else
            SetNull(column, Count);
    }
}
