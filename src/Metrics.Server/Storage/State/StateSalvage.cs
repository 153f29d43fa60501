using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;

namespace Metrics.Storage.State;

/// <summary>
/// Takes from a damaged state file what can still be read: of each table the rows from the first on until one cannot be read, then those
/// from the last on.
/// </summary>
/// <param name="from">The damaged file.</param>
/// <param name="to">The new one, whose tables are ready.</param>
internal sealed class StateSalvage(SqliteConnection from, StateDb to)
{
    /// <summary>Rows that were saved.</summary>
    public int Saved { get; private set; }

    /// <summary>Tables of which something could not be read.</summary>
    public List<string> Damaged { get; } = [];

    /// <summary>Copies.</summary>
    /// <exception cref="SqliteException">The new file cannot be written, or the damaged one not be read at all.</exception>
    public void Run()
    {
        Execute(from, "PRAGMA writable_schema=ON");
        to.Database.OpenConnection();
        var target = (SqliteConnection)to.Database.GetDbConnection();
        foreach (IEntityType entity in to.Model.GetEntityTypes())
        {
            string table = entity.GetTableName()!;
            using SqliteTransaction transaction = target.BeginTransaction();
            if (!Copy(table, [.. entity.GetProperties().Select(p => p.GetColumnName())], target, transaction))
                Damaged.Add(table);
            transaction.Commit();
        }
    }

    private bool Copy(string table, string[] columns, SqliteConnection target, SqliteTransaction transaction)
    {
        string names = string.Join(", ", columns.Select(c => $"\"{c}\""));
        // With its table before it: SQLite takes a quoted name that it does not know for a text.
        string read = string.Join(", ", columns.Select(c => $"\"{table}\".\"{c}\""));
        using SqliteCommand insert = target.CreateCommand();
        insert.Transaction = transaction;
        insert.CommandText =
            $"INSERT OR REPLACE INTO \"{table}\" ({names}) VALUES ({string.Join(", ", columns.Select((_, i) => $"@p{i}"))})";
        for (int i = 0; i < columns.Length; i++)
            insert.Parameters.Add(new SqliteParameter($"@p{i}", null));
        long last = long.MinValue;
        if (CopyRows($"SELECT rowid, {read} FROM \"{table}\" ORDER BY rowid", insert, row => last = row))
            return true;
        CopyRows($"SELECT rowid, {read} FROM \"{table}\" WHERE rowid > {last} ORDER BY rowid DESC", insert, _ => { });
        return false;
    }

    /// <returns>Whether all could be read.</returns>
    /// <exception cref="SqliteException">They cannot be written.</exception>
    private bool CopyRows(string query, SqliteCommand insert, Action<long> took)
    {
        (bool isWhole, bool isWriting) = (true, false);
        try
        {
            using SqliteCommand select = from.CreateCommand();
            select.CommandText = query;
            using SqliteDataReader rows = select.ExecuteReader();
            while (rows.Read())
            {
                for (int i = 0; i < insert.Parameters.Count; i++)
                    insert.Parameters[i].Value = rows.GetValue(i + 1);
                isWriting = true;
                isWhole &= TryInsert(insert);
                isWriting = false;
                took(rows.GetInt64(0));
            }
            return isWhole;
        }
        catch (SqliteException) when (!isWriting)
        {
            return false;
        }
    }

    private bool TryInsert(SqliteCommand insert)
    {
        try
        {
            insert.ExecuteNonQuery();
            Saved++;
            return true;
        }
        catch (SqliteException e) when (e.SqliteErrorCode == SQLitePCL.raw.SQLITE_CONSTRAINT)
        {
            return false;
        }
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
