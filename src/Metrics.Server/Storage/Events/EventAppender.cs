using System.Buffers;
using System.Text.Json;
using DuckDB.NET.Data;
using Metrics.Model;

namespace Metrics.Storage.Events;

/// <summary>Appends events to a table, within the transaction of the connection.</summary>
internal sealed class EventAppender(DuckDBConnection connection, string table) : IDisposable
{
    private readonly DuckDBAppender _appender = connection.CreateAppender(table);
    private readonly ArrayBufferWriter<byte> _buffer = new(1024);
    private Utf8JsonWriter? _json;

    public void Add(EventBatch batch, int row)
    {
        ReadOnlySpan<EventField> fields = batch.FieldsOf(row);
        _json ??= EventAttributes.Writer(_buffer);
        _appender.CreateRow()
            .AppendValue(batch.Ids[row])
            .AppendValue(batch.Times[row])
            .AppendValue(batch.ObservedTimes[row])
            .AppendValue(batch.Kinds[row])
            .AppendValue(batch.Severities[row])
            .AppendValue(batch.Find(row, EventFields.Host))
            .AppendValue(batch.Find(row, EventFields.Service))
            .AppendValue(batch.Bodies[row])
            .AppendValue(EventAttributes.Write(fields, _buffer, _json))
            .EndRow();
    }

    /// <summary>Hands the rest over to the transaction.</summary>
    public void Close() => _appender.Close();

    public void Dispose()
    {
        _json?.Dispose();
        _appender.Dispose();
    }
}
