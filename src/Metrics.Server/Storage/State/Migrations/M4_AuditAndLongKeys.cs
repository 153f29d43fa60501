using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

namespace Metrics.Storage.State.Migrations;

/// <summary>
/// Who did what. And PostgreSQL's trees take no key above 2,704 bytes, while the labels of a series may be longer: there the tables go by
/// digests of their keys (<see cref="StateWriter"/> asks for rows in the same way).
/// </summary>
/// <remarks>https://www.postgresql.org/docs/current/btree.html#BTREE-IMPLEMENTATION</remarks>
[DbContext(typeof(StateDb))]
[Migration("20261123210000_AuditAndLongKeys")]
internal sealed class M4_AuditAndLongKeys : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.CreateTable(
            "Audit",
            t => new
            {
                Id = t.Column<long>(nullable: false).Annotation("Sqlite:Autoincrement", true)
                    .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                At = t.Column<long>(nullable: false),
                Who = t.Column<string>(nullable: false),
                What = t.Column<string>(nullable: false),
                Text = t.Column<string>(nullable: false),
            },
            constraints: t => t.PrimaryKey("PK_Audit", a => a.Id));
        if (ActiveProvider != "Npgsql.EntityFrameworkCore.PostgreSQL")
            return;
        foreach ((
            string table, string second) in new[] { ("Alerts", "Series"), ("Expected", "Series"), ("Flaps", "Series"),
            ("Learned", "Series") })
            UseDigests(migrationBuilder, table, "Rule", second);
        UseDigests(migrationBuilder, "Groups", "Route", "Labels");
        migrationBuilder.Sql("DROP INDEX \"IX_Trail_Subject\"");
        migrationBuilder.Sql("CREATE INDEX \"IX_Trail_Subject\" ON \"Trail\" USING hash (\"Subject\")");
    }

    private static void UseDigests(MigrationBuilder migrationBuilder, string table, string first, string second)
    {
        migrationBuilder.Sql($"ALTER TABLE \"{table}\" DROP CONSTRAINT \"PK_{table}\"");
        migrationBuilder.Sql($"CREATE UNIQUE INDEX \"PK_{table}\" ON \"{table}\" (md5(\"{first}\"), md5(\"{second}\"))");
    }
}
