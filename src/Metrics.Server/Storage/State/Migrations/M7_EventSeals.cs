using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Metrics.Storage.State.Migrations;

/// <summary>What days of the event log held when they ended.</summary>
[DbContext(typeof(StateDb))]
[Migration("20261127200000_EventSeals")]
internal sealed class M7_EventSeals : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.CreateTable(
        "Seals",
        t => new
        {
            FirstId = t.Column<long>(nullable: false),
            LastId = t.Column<long>(nullable: false),
            Table = t.Column<string>(nullable: false),
            Day = t.Column<int>(nullable: false),
            Count = t.Column<long>(nullable: false),
            Hash = t.Column<string>(nullable: false),
            Parts = t.Column<string>(nullable: false),
            Before = t.Column<string>(nullable: false),
            SealedAt = t.Column<long>(nullable: false),
        },
        constraints: t => t.PrimaryKey("PK_Seals", s => s.FirstId));
}
