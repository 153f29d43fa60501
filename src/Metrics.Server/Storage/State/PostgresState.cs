using System.Data;
using System.Data.Common;
using System.Globalization;
using Metrics.Configuration;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Metrics.Storage.State;

/// <summary>
/// A PostgreSQL database. Only one daemon at a time works with it: the connection that writes holds an advisory lock of its session, so
/// that who has lost the lock has lost the connection too. A second daemon waits at its start until the first is gone; the first, when it
/// comes back after that, finds the second's name and ends.
/// </summary>
/// <remarks>
/// https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS: it needs a session, so no pooler that shares them among
/// transactions.
/// </remarks>
internal sealed partial class PostgresState : StateBackend, IDisposable
{
    /// <summary>"metricsd" in ASCII.</summary>
    private const long LockKey = 0x6d65747269637364;

    /// <summary>The key under which the daemon that works with the database leaves its name.</summary>
    private const string WriterName = "writer";

    private readonly NpgsqlDataSource _source;
    private readonly DbContextOptions<StateDb> _options;
    private readonly ILogger _log;
    private readonly string _self = Guid.NewGuid().ToString("N");
    private NpgsqlConnection? _writer;
    private bool _isPrepared;

    public PostgresState(PostgresOptions options, ILogger log)
    {
        var builder = new NpgsqlDataSourceBuilder(options.Connection);
        NpgsqlConnectionStringBuilder connection = builder.ConnectionStringBuilder;
        connection.ApplicationName ??= "metricsd";
        if (connection.MaxAutoPrepare == 0)
            connection.MaxAutoPrepare = 100;
        if (options.Password is { } password)
            builder.UsePasswordProvider(_ => password.Reveal(), (_, _) => ValueTask.FromResult(password.Reveal()));
        _source = builder.Build();
        _options = new DbContextOptionsBuilder<StateDb>().UseNpgsql(_source).Options;
        _log = log;
        Name = string.Create(CultureInfo.InvariantCulture, $"state database {connection.Database} on {connection.Host}:{connection.Port}");
    }

    public override string Name { get; }

    public override StateDb Open() => new(_options);

    public override void Prepare()
    {
        try
        {
            DbConnection connection = OpenForWriting();
            using var db = new StateDb(OptionsFor(connection));
            Migrate(db, _log);
            using var statements = new StateStatements(connection, this);
            statements.Run(() => statements.Save(new KeyRow { Name = WriterName, Value = _self }));
            _isPrepared = true;
        }
        catch (Exception e) when (e is DbException or InvalidOperationException or IOException)
        {
            throw new StoreException($"The {Name} cannot be used: {(e.InnerException as DbException ?? e).Message}", e);
        }
    }

    protected override bool UsesHashedKeys => true;

    public override int RowsAtOnce => 32;

    public override string FindTable(string name) =>
        $"SELECT 1 FROM information_schema.tables WHERE table_schema = current_schema() AND table_name = '{name}'";

    public override DbContextOptions<StateDb> OptionsFor(DbConnection connection) =>
        new DbContextOptionsBuilder<StateDb>().UseNpgsql(connection).Options;

    public override DbConnection OpenForWriting()
    {
        if (_writer is null || _writer.State != ConnectionState.Open)
        {
            _writer?.Dispose();
            _writer = Lock();
        }
        return _writer;
    }

    /// <remarks>
    /// What comes from the network, and of the server's own errors those of connections, rollbacks, resources, an operator's hand and the
    /// system: https://www.postgresql.org/docs/current/errcodes-appendix.html
    /// </remarks>
    public override bool IsTransient(DbException e) =>
        e is NpgsqlException
            && (e is not PostgresException { SqlState: { } state }
            || state[..2] is "08" or "40" or "53" or "55" or "57" or "58"
            || state == "25006");

    // Class 22: data exception, as a text that it cannot hold; 23: integrity constraint violation.
    public override bool IsOfRow(DbException e) => e is PostgresException { SqlState: { } state } && state[..2] is "22" or "23";

    public void Dispose()
    {
        _writer?.Dispose();
        _source.Dispose();
    }

    private NpgsqlConnection Lock()
    {
        NpgsqlConnection connection = _source.OpenConnection();
        try
        {
            using NpgsqlCommand command = connection.CreateCommand();
            command.CommandText = string.Create(CultureInfo.InvariantCulture, $"SELECT pg_try_advisory_lock({LockKey})");
            if (command.ExecuteScalar() is not true)
            {
                LogWaits(Name);
                command.CommandText = string.Create(CultureInfo.InvariantCulture, $"SELECT pg_advisory_lock({LockKey})");
                command.CommandTimeout = 0;
                command.ExecuteNonQuery();
            }
            if (_isPrepared)
            {
                command.CommandText = $"SELECT \"Value\" FROM \"Keys\" WHERE \"Name\" = '{WriterName}'";
                if (command.ExecuteScalar() as string != _self)
                    throw new StoreException($"Another metricsd has taken over the {Name}");
            }
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Another metricsd works with the {Name}; this one waits until that has ended")]
    private partial void LogWaits(string name);
}
