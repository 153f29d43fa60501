using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

namespace Metrics.Storage.State.Migrations;

/// <summary>What happened to alerts, who is at them, which flap, what rules have learned, the keys of signed links.</summary>
[DbContext(typeof(StateDb))]
[Migration("20261123180000_TrailAndAcknowledgements")]
internal sealed class M3_TrailAndAcknowledgements : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.CreateTable(
            "Trail",
            t => new
            {
                Id = t.Column<long>(nullable: false).Annotation("Sqlite:Autoincrement", true)
                    .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                At = t.Column<long>(nullable: false),
                Subject = t.Column<string>(nullable: false),
                What = t.Column<string>(nullable: false),
                Text = t.Column<string>(nullable: false),
                Ref = t.Column<string>(nullable: true),
                Members = t.Column<string>(nullable: true),
                Groups = t.Column<string>(nullable: true),
            },
            constraints: t => t.PrimaryKey("PK_Trail", r => r.Id));
        migrationBuilder.CreateIndex("IX_Trail_Subject", "Trail", "Subject");
        migrationBuilder.CreateIndex("IX_Outbox_Target_Id", "Outbox", ["Target", "Id"]);
        migrationBuilder.CreateTable(
            "Acknowledgements",
            t => new { Alert = t.Column<string>(nullable: false), FiredAt = t.Column<long>(nullable: false),
                By = t.Column<string>(nullable: false), At = t.Column<long>(nullable: false), Comment = t.Column<string>(nullable: false) },
            constraints: t => t.PrimaryKey("PK_Acknowledgements", a => a.Alert));
        migrationBuilder.CreateTable(
            "Flaps",
            t => new
            {
                Rule = t.Column<string>(nullable: false), Series = t.Column<string>(nullable: false),
                    Changes = t.Column<string>(nullable: false), IsFlapping = t.Column<bool>(nullable: false),
                    IsOver = t.Column<bool>(nullable: false),
            },
            constraints: t => t.PrimaryKey("PK_Flaps", f => new { f.Rule, f.Series }));
        migrationBuilder.CreateTable(
            "Learned",
            t => new { Rule = t.Column<string>(nullable: false), Series = t.Column<string>(nullable: false),
                Model = t.Column<string>(nullable: false) },
            constraints: t => t.PrimaryKey("PK_Learned", l => new { l.Rule, l.Series }));
        migrationBuilder.CreateTable(
            "Keys",
            t => new { Name = t.Column<string>(nullable: false), Value = t.Column<string>(nullable: false) },
            constraints: t => t.PrimaryKey("PK_Keys", k => k.Name));
    }
}
