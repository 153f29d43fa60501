using Microsoft.EntityFrameworkCore;

namespace Metrics.Storage.State;

/// <summary>State that must not be lost: open alerts and what was said of them, silences, expected series, the outbox. SQLite, one file beside the samples.</summary>
internal sealed class StateDb(DbContextOptions<StateDb> options) : DbContext(options)
{
    public DbSet<AlertRow> Alerts => Set<AlertRow>();

    public DbSet<ExpectedRow> Expected => Set<ExpectedRow>();

    public DbSet<OutboxRow> Outbox => Set<OutboxRow>();

    public DbSet<GroupRow> Groups => Set<GroupRow>();

    public DbSet<SilenceRow> Silences => Set<SilenceRow>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<AlertRow>().HasKey(a => new { a.Rule, a.Series });
        modelBuilder.Entity<ExpectedRow>().HasKey(e => new { e.Rule, e.Series });
        modelBuilder.Entity<GroupRow>().HasKey(g => new { g.Route, g.Labels });
        modelBuilder.Entity<OutboxRow>().HasIndex(o => o.NextTry);
    }
}

/// <summary>An alert that is pending, firing or without data.</summary>
internal sealed class AlertRow
{
    /// <summary>File, group and name of its rule.</summary>
    public required string Rule { get; set; }

    /// <summary>Labels of the series it is about, as JSON.</summary>
    public required string Series { get; set; }

    /// <summary>The alert itself, as JSON.</summary>
    public required string Alert { get; set; }
}

/// <summary>A series that an <c>absent_for</c> rule expects.</summary>
internal sealed class ExpectedRow
{
    public required string Rule { get; set; }

    public required string Series { get; set; }

    public long LastSeen { get; set; }
}

/// <summary>Alerts that go into one message, and what was said of them.</summary>
internal sealed class GroupRow
{
    /// <summary>The route's place in the tree.</summary>
    public required string Route { get; set; }

    /// <summary>The group's labels, as JSON.</summary>
    public required string Labels { get; set; }

    /// <summary>When it is looked at next, milliseconds since 1970 UTC.</summary>
    public long NextFlush { get; set; }

    /// <summary>What each integration was told last, as JSON.</summary>
    public required string Told { get; set; }

    /// <summary>Alerts that have ended and nobody was told yet, as JSON.</summary>
    public required string Over { get; set; }
}

/// <summary>A silence.</summary>
internal sealed class SilenceRow
{
    public required string Id { get; set; }

    /// <summary>Matchers as a JSON list of texts.</summary>
    public required string Matchers { get; set; }

    public long StartsAt { get; set; }

    public long EndsAt { get; set; }

    public required string CreatedBy { get; set; }

    public required string Comment { get; set; }

    public long UpdatedAt { get; set; }
}

/// <summary>A message written before its first try and deleted when it is delivered.</summary>
internal sealed class OutboxRow
{
    public long Id { get; set; }

    /// <summary>The integration of a receiver: <c>ops/webhook/0</c>.</summary>
    public required string Target { get; set; }

    /// <summary>The message, Alertmanager's webhook JSON.</summary>
    public required string Payload { get; set; }

    /// <summary>The same for every try, so that a receiver can tell a repeat.</summary>
    public required string IdempotencyKey { get; set; }

    public long CreatedAt { get; set; }

    public int Attempts { get; set; }

    /// <summary>Not before this, milliseconds since 1970 UTC.</summary>
    public long NextTry { get; set; }

    public string? LastError { get; set; }
}
