using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Metrics.Storage.State.Migrations;

/// <summary>Groups of alerts with what was said of them; silences. When an alert was told of is known by its groups now.</summary>
[DbContext(typeof(StateDb))]
[Migration("20261123000000_GroupsAndSilences")]
internal sealed class M2_GroupsAndSilences : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.CreateTable(
            "Groups",
            t => new
            {
                Route = t.Column<string>(nullable: false), Labels = t.Column<string>(nullable: false),
                    NextFlush = t.Column<long>(nullable: false), Told = t.Column<string>(nullable: false),
                    Over = t.Column<string>(nullable: false),
            },
            constraints: t => t.PrimaryKey("PK_Groups", g => new { g.Route, g.Labels }));
        migrationBuilder.CreateTable(
            "Silences",
            t => new
            {
                Id = t.Column<string>(nullable: false),
                Matchers = t.Column<string>(nullable: false),
                StartsAt = t.Column<long>(nullable: false),
                EndsAt = t.Column<long>(nullable: false),
                CreatedBy = t.Column<string>(nullable: false),
                Comment = t.Column<string>(nullable: false),
                UpdatedAt = t.Column<long>(nullable: false),
            },
            constraints: t => t.PrimaryKey("PK_Silences", s => s.Id));
        // SQLite can do it, EF Core's builder of its statements cannot; PostgreSQL reads the same words.
        migrationBuilder.Sql("ALTER TABLE \"Alerts\" DROP COLUMN \"NotifiedAt\"");
    }
}
