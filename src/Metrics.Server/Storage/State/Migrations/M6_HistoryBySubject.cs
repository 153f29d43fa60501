using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Migrations.Operations;
using Microsoft.EntityFrameworkCore.Migrations.Operations.Builders;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

namespace Metrics.Storage.State.Migrations;

/// <summary>
/// What happened goes into a table for each subject, in place of one table of texts. What the old table holds is moved afterwards
/// (<see cref="TrailSplit"/>).
/// </summary>
[DbContext(typeof(StateDb))]
[Migration("20261126150000_HistoryBySubject")]
internal sealed class M6_HistoryBySubject : Migration
{
    private bool IsPostgres => ActiveProvider == "Npgsql.EntityFrameworkCore.PostgreSQL";

    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.RenameColumn("Told", "Groups", "NotificationLog");
        AddTables(migrationBuilder);
        foreach ((string table, string column) in new[]
            {
                ("AlertSteps", "Alert"), ("AlertNotes", "Alert"), ("Notifications", "Key"), ("NotificationAlerts", "Alert"),
                ("DeliveryTries", "Message"),
            })
        {
            migrationBuilder.CreateIndex($"IX_{table}_{column}", table, column);
        }
        // Names of alerts that others send may be longer than a tree of PostgreSQL's takes.
        foreach ((string table, string column) in new[] { ("AlertSteps", "RuleName"), ("Notifications", "GroupKey") })
            migrationBuilder.CreateIndex($"IX_{table}_{column}", table, column).Annotation("Npgsql:IndexMethod", "hash");
        if (!IsPostgres)
            return;
        migrationBuilder.Sql("ALTER TABLE \"RuleFirings\" DROP CONSTRAINT \"PK_RuleFirings\"");
        migrationBuilder.Sql("CREATE UNIQUE INDEX \"PK_RuleFirings\" ON \"RuleFirings\" (md5(\"Rule\"))");
    }

    private static void AddTables(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.CreateTable(
            "AlertSteps",
            t => new
            {
                Id = MadeId(t),
                At = t.Column<long>(nullable: false),
                Alert = t.Column<string>(nullable: false),
                Rule = t.Column<string>(nullable: false),
                RuleName = t.Column<string>(nullable: false),
                Series = t.Column<string>(nullable: false),
                State = t.Column<string>(nullable: false),
                Text = t.Column<string>(nullable: false),
            },
            constraints: t => t.PrimaryKey("PK_AlertSteps", s => s.Id));
        migrationBuilder.CreateTable(
            "AlertNotes",
            t => new
            {
                Id = MadeId(t),
                At = t.Column<long>(nullable: false),
                Alert = t.Column<string>(nullable: false),
                What = t.Column<string>(nullable: false),
                Text = t.Column<string>(nullable: false),
            },
            constraints: t => t.PrimaryKey("PK_AlertNotes", n => n.Id));
        migrationBuilder.CreateTable(
            "Notifications",
            t => new
            {
                Id = t.Column<long>(nullable: false),
                At = t.Column<long>(nullable: false),
                Key = t.Column<string>(nullable: false),
                Integration = t.Column<string>(nullable: false),
                GroupKey = t.Column<string>(nullable: false),
                Alerts = t.Column<string>(nullable: false),
                Firing = t.Column<int>(nullable: false),
                Over = t.Column<int>(nullable: false),
                IsDigest = t.Column<bool>(nullable: false),
            },
            constraints: t => t.PrimaryKey("PK_Notifications", n => n.Id));
        migrationBuilder.CreateTable(
            "NotificationAlerts",
            t => new
            {
                Id = MadeId(t),
                At = t.Column<long>(nullable: false),
                Notification = t.Column<long>(nullable: false),
                Alert = t.Column<string>(nullable: false),
            },
            constraints: t => t.PrimaryKey("PK_NotificationAlerts", n => n.Id));
        migrationBuilder.CreateTable(
            "DeliveryTries",
            t => new
            {
                Id = MadeId(t),
                At = t.Column<long>(nullable: false),
                Message = t.Column<string>(nullable: false),
                Integration = t.Column<string>(nullable: false),
                Status = t.Column<string>(nullable: false),
                Reason = t.Column<string>(nullable: true),
            },
            constraints: t => t.PrimaryKey("PK_DeliveryTries", d => d.Id));
        migrationBuilder.CreateTable(
            "RuleFirings",
            t => new { Rule = t.Column<string>(nullable: false), FiredAt = t.Column<long>(nullable: false) },
            constraints: t => t.PrimaryKey("PK_RuleFirings", f => f.Rule));
    }

    /// <summary>An id that the database makes. SQLite's own numbers of rows do, and cost no second table.</summary>
    private static OperationBuilder<AddColumnOperation> MadeId(ColumnsBuilder table) => table.Column<long>(nullable: false)
        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn);
}
