using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Metrics.Storage.State.Migrations;

/// <summary>Up to when each report has been sent.</summary>
[DbContext(typeof(StateDb))]
[Migration("20261128060000_Reports")]
internal sealed class M10_Reports : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.CreateTable(
        "Reports",
        t => new { Name = t.Column<string>(nullable: false), Due = t.Column<long>(nullable: false) },
        constraints: t => t.PrimaryKey("PK_Reports", r => r.Name));
}
