using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Metrics.Storage.State.Migrations;

/// <summary>By what a series is expected, for another expression expects others. Of rows from before it is not known.</summary>
[DbContext(typeof(StateDb))]
[Migration("20261128033000_WhatExpects")]
internal sealed class M9_WhatExpects : Migration
{
    // As SQL, which both databases read alike.
    protected override void Up(MigrationBuilder migrationBuilder) =>
        migrationBuilder.Sql("ALTER TABLE \"Expected\" ADD COLUMN \"Digest\" text");
}
