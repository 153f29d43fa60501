using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Metrics.Storage.State.Migrations;

/// <summary>A seal's day is that of its ids, which its head covers; what it does not cover is not asked.</summary>
[DbContext(typeof(StateDb))]
[Migration("20261127233000_SealsWithoutDays")]
internal sealed class M8_SealsWithoutDays : Migration
{
    // As SQL: SQLite's generator would make the table anew.
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql("ALTER TABLE \"Seals\" DROP COLUMN \"Day\"");
}
