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
            // The file may be from before a column, or a table, was.
            string[] columns = [.. entity.GetProperties().Select(p => p.GetColumnName()).Intersect(ColumnsOf(table))];
            string[] order = HasRowId(table) ? ["rowid"] : [.. entity.FindPrimaryKey()!.Properties.Select(p => p.GetColumnName())];
            if (columns.Length > 0 && !Copy(table, columns, order, target, transaction))
                Damaged.Add(table);
            transaction.Commit();
        }
    }

    private List<string> ColumnsOf(string table)
    {
        List<string> columns = [];
        using SqliteCommand select = Ask("SELECT name FROM pragma_table_info(@table)", table);
        using SqliteDataReader rows = select.ExecuteReader();
        while (rows.Read())
            columns.Add(rows.GetString(0));
        return columns;
    }

    private bool HasRowId(string table)
    {
        using SqliteCommand select = Ask("SELECT wr FROM pragma_table_list WHERE name = @table", table);
        return select.ExecuteScalar() is not 1L;
    }

    private SqliteCommand Ask(string query, string table)
    {
        SqliteCommand select = from.CreateCommand();
        select.CommandText = query;
        select.Parameters.AddWithValue("@table", table);
        return select;
    }

    private bool Copy(string table, string[] columns, string[] order, SqliteConnection target, SqliteTransaction transaction)
    {
        string names = string.Join(", ", columns.Select(c => $"\"{c}\""));
        // With its table before it: SQLite takes a quoted name that it does not know for a text.
        string read = Join("", [.. order, .. columns]);
        using SqliteCommand insert = target.CreateCommand();
        insert.Transaction = transaction;
        insert.CommandText =
            $"INSERT OR REPLACE INTO \"{table}\" ({names}) VALUES ({string.Join(", ", columns.Select((_, i) => $"@p{i}"))})";
        for (int i = 0; i < columns.Length; i++)
            insert.Parameters.Add(new SqliteParameter($"@p{i}", null));
        object[]? last = null;
        using SqliteCommand forth = from.CreateCommand();
        forth.CommandText = $"SELECT {read} FROM \"{table}\" ORDER BY {Join("", order)}";
        if (CopyRows(forth, order.Length, insert, key => last = key))
            return true;
        using SqliteCommand back = from.CreateCommand();
        string behind = last is null ? "" : $"WHERE ({Join("", order)}) > ({string.Join(", ", last.Select((_, i) => $"@k{i}"))}) ";
        back.CommandText = $"SELECT {read} FROM \"{table}\" {behind}ORDER BY {Join(" DESC", order)}";
        for (int i = 0; i < last?.Length; i++)
            back.Parameters.AddWithValue($"@k{i}", last[i]);
        CopyRows(back, order.Length, insert, _ => { });
        return false;

        string Join(string behindEach, string[] of) => string.Join(", ", of.Select(c => $"\"{table}\".\"{c}\"{behindEach}"));
    }

    /// <returns>Whether all could be read.</returns>
    /// <exception cref="SqliteException">They cannot be written.</exception>
    private bool CopyRows(SqliteCommand select, int keys, SqliteCommand insert, Action<object[]> took)
    {
        (bool isWhole, bool isWriting) = (true, false);
        try
        {
            using SqliteDataReader rows = select.ExecuteReader();
            while (rows.Read())
            {
                for (int i = 0; i < insert.Parameters.Count; i++)
                    insert.Parameters[i].Value = rows.GetValue(i + keys);
                isWriting = true;
                isWhole &= TryInsert(insert);
                isWriting = false;
                took([.. Enumerable.Range(0, keys).Select(rows.GetValue)]);
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
