using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

namespace Metrics.Storage.State.Migrations;

/// <summary>Open alerts, expected series, messages on their way.</summary>
[DbContext(typeof(StateDb))]
[Migration(Id)]
internal sealed class M1_AlertsAndOutbox : Migration
{
    public const string Id = "20261101000000_AlertsAndOutbox";

    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.CreateTable(
            "Alerts",
            t => new { Rule = t.Column<string>(nullable: false), Series = t.Column<string>(nullable: false),
                Alert = t.Column<string>(nullable: false), NotifiedAt = t.Column<long>(nullable: false) },
            constraints: t => t.PrimaryKey("PK_Alerts", a => new { a.Rule, a.Series }));
        migrationBuilder.CreateTable(
            "Expected",
            t => new { Rule = t.Column<string>(nullable: false), Series = t.Column<string>(nullable: false),
                LastSeen = t.Column<long>(nullable: false) },
            constraints: t => t.PrimaryKey("PK_Expected", e => new { e.Rule, e.Series }));
        migrationBuilder.CreateTable(
            "Outbox",
            t => new
            {
                Id = t.Column<long>(nullable: false).Annotation("Sqlite:Autoincrement", true)
                    .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                Target = t.Column<string>(nullable: false),
                Payload = t.Column<string>(nullable: false),
                IdempotencyKey = t.Column<string>(nullable: false),
                CreatedAt = t.Column<long>(nullable: false),
                Attempts = t.Column<int>(nullable: false),
                NextTry = t.Column<long>(nullable: false),
                LastError = t.Column<string>(nullable: true),
            },
            constraints: t => t.PrimaryKey("PK_Outbox", o => o.Id));
        migrationBuilder.CreateIndex("IX_Outbox_NextTry", "Outbox", "NextTry");
    }
}
