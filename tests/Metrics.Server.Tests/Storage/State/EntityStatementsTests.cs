using Metrics.Storage.State;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;

namespace Metrics.Tests.Storage.State;

public sealed class EntityStatementsTests
{
    [Fact]
    public void A_row_replaces_the_one_of_its_key()
    {
        EntityStatements statements = Sqlite(typeof(AlertRow));
        statements.Write(2).Should().Be(
            "INSERT INTO \"Alerts\" (\"Rule\", \"Series\", \"Alert\") VALUES (@p0, @p1, @p2), (@p3, @p4, @p5) "
            + "ON CONFLICT (\"Rule\", \"Series\") DO UPDATE SET \"Alert\" = excluded.\"Alert\"");
        statements.Delete().Should().Be("DELETE FROM \"Alerts\" WHERE \"Rule\" = @p0 AND \"Series\" = @p1");
    }

    [Fact]
    public void A_row_whose_key_the_database_makes_is_added()
    {
        EntityStatements statements = Sqlite(typeof(AuditRow));
        statements.Write(1).Should().Be("INSERT INTO \"Audit\" (\"At\", \"Text\", \"What\", \"Who\") VALUES (@p0, @p1, @p2, @p3)");
        statements.Delete().Should().Be("DELETE FROM \"Audit\" WHERE \"Id\" = @p0");
    }

    [Fact]
    public void In_PostgreSQL_long_keys_go_by_their_digests_and_short_ones_do_not()
    {
        Postgres(typeof(RuleFiringRow)).Write(1).Should().EndWith(
            "ON CONFLICT (md5(\"Rule\")) DO UPDATE SET \"FiredAt\" = excluded.\"FiredAt\"");
        Postgres(typeof(AlertRow)).Delete().Should().Be(
            "DELETE FROM \"Alerts\" WHERE md5(\"Rule\") = md5(@p0) AND md5(\"Series\") = md5(@p1)");
        Postgres(typeof(KeyRow)).Delete().Should().Be("DELETE FROM \"Keys\" WHERE \"Name\" = @p0");
    }

    [Fact]
    public void Values_are_read_from_a_row_as_the_database_takes_them()
    {
        var row = new DeliveryTryRow { At = 5, Message = "m\0", Integration = "ops/email/0", Status = "sent" };
        Sqlite(typeof(DeliveryTryRow)).Columns.ToDictionary(c => c.Name, c => c.Read(row)).Should().Equal(new Dictionary<string, object>
        {
            ["At"] = 5L, ["Integration"] = "ops/email/0", ["Message"] = "m\uFFFD", ["Reason"] = DBNull.Value, ["Status"] = "sent",
        });
    }

    [Fact]
    public void A_text_is_one_that_PostgreSQL_takes()
    {
        EntityStatements.Clean("\0a").Should().Be("\uFFFDa");
        EntityStatements.Clean("cut \uD83D").Should().Be("cut \uFFFD");
        EntityStatements.Clean("whole \U0001F600").Should().Be("whole \U0001F600");
    }

    [Fact]
    public void Every_table_of_the_model_has_its_statements_in_both_databases()
    {
        using StateDb db = Context(b => b.UseSqlite("Data Source=:memory:"));
        foreach (Type type in db.Model.GetEntityTypes().Select(e => e.ClrType))
        {
            int width = Sqlite(type).Columns.Count;
            Postgres(type).Columns.Should().HaveCount(width).And.HaveCountGreaterThan(1);
        }
    }

    private static EntityStatements Sqlite(Type type) => Of(b => b.UseSqlite("Data Source=:memory:"), type, false);

    private static EntityStatements Postgres(Type type) => Of(b => b.UseNpgsql("Host=nowhere"), type, true);

    private static EntityStatements Of(Action<DbContextOptionsBuilder<StateDb>> use, Type type, bool hashesKeys)
    {
        using StateDb db = Context(use);
        return new EntityStatements(db.Model.FindEntityType(type)!, db.GetService<ISqlGenerationHelper>(), hashesKeys);
    }

    private static StateDb Context(Action<DbContextOptionsBuilder<StateDb>> use)
    {
        var builder = new DbContextOptionsBuilder<StateDb>();
        use(builder);
        return new StateDb(builder.Options);
    }
}
