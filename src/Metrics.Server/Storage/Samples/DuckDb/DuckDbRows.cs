using DuckDB.NET.Data;
using Metrics.Model;
using Metrics.Series;
using Metrics.Storage.DuckDb;

namespace Metrics.Storage.Samples.DuckDb;

/// <summary>Rows of a table, by batches; those behind damage are not read.</summary>
internal sealed class DuckDbRows : IDisposable
{
    private const int RowsPerBatch = 8192;

    private readonly DuckDBCommand _command;
    private readonly DuckDBDataReader _reader;
    private readonly Dictionary<int, Labels> _labels;

    /// <param name="connection">Of whom is asked; used by nobody else meanwhile.</param>
    /// <param name="query">Gives series, time and value.</param>
    /// <param name="labels">The series by their ids; rows of others are passed over.</param>
    public DuckDbRows(DuckDBConnection connection, string query, Dictionary<int, Labels> labels)
    {
        _labels = labels;
        _command = connection.CreateCommand();
        _command.UseStreamingMode = true;
        _command.CommandText = query;
        _reader = _command.ExecuteReader();
    }

    /// <summary>What was met, and ended the reading; null when nothing was.</summary>
    public DuckDBException? Damage { get; private set; }

    /// <summary>The next rows; null at the end.</summary>
    /// <exception cref="StoreException">They cannot be read now.</exception>
    public SampleBatch? Next()
    {
        if (Damage is not null)
            return null;
        var batch = new SampleBatch("store", RowsPerBatch);
        try
        {
            while (batch.Count < RowsPerBatch && _reader.Read())
            {
                if (_labels.TryGetValue(_reader.GetInt32(0), out Labels? series))
                    batch.Add(series, _reader.GetInt64(1), _reader.IsDBNull(2) ? StaleMarker.Value : _reader.GetDouble(2));
            }
        }
        catch (DuckDBException e) when (DuckDbFile.IsDamage(e))
        {
            Damage = e;
        }
        catch (DuckDBException e)
        {
            batch.Dispose();
            throw new StoreException($"the samples cannot be read on: {e.Message.Split('\n')[0].Trim()}", e);
        }
        if (batch.Count > 0)
            return batch;
        batch.Dispose();
        return null;
    }

    public void Dispose()
    {
        _reader.Dispose();
        _command.Dispose();
    }
}
