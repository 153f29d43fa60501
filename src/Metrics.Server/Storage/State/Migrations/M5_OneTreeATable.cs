using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Metrics.Storage.State.Migrations;

/// <summary>
/// SQLite keeps the tables that go by texts in one tree each, rather than each text once in the table and once in an index.
/// </summary>
/// <remarks>https://www.sqlite.org/withoutrowid.html</remarks>
[DbContext(typeof(StateDb))]
[Migration("20261123220000_OneTreeATable")]
internal sealed class M5_OneTreeATable : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        if (ActiveProvider != "Microsoft.EntityFrameworkCore.Sqlite")
            return;
        Rebuild(migrationBuilder, "Alerts", ["Rule", "Series"], "\"Alert\" TEXT NOT NULL");
        Rebuild(migrationBuilder, "Flaps", ["Rule", "Series"],
            "\"Changes\" TEXT NOT NULL, \"IsFlapping\" INTEGER NOT NULL, \"IsOver\" INTEGER NOT NULL");
        Rebuild(migrationBuilder, "Groups", ["Route", "Labels"],
            "\"NextFlush\" INTEGER NOT NULL, \"Told\" TEXT NOT NULL, \"Over\" TEXT NOT NULL");
    }

    private static void Rebuild(MigrationBuilder migrationBuilder, string table, string[] key, string others)
    {
        string keys = string.Join(", ", key.Select(k => $"\"{k}\""));
        migrationBuilder.Sql($"ALTER TABLE \"{table}\" RENAME TO \"{table}Old\"");
        migrationBuilder.Sql($"CREATE TABLE \"{table}\" ({string.Join(", ", key.Select(k => $"\"{k}\" TEXT NOT NULL"))}, {others}, "
            + $"CONSTRAINT \"PK_{table}\" PRIMARY KEY ({keys})) WITHOUT ROWID");
        migrationBuilder.Sql($"INSERT INTO \"{table}\" SELECT * FROM \"{table}Old\"");
        migrationBuilder.Sql($"DROP TABLE \"{table}Old\"");
    }
}
