using Microsoft.EntityFrameworkCore;

namespace Metrics.Storage.State;

/// <summary>State that must not be lost: open alerts, expected series, the outbox. SQLite, one file beside the samples.</summary>
internal sealed class StateDb(DbContextOptions<StateDb> options) : DbContext(options)
{
    public DbSet<AlertRow> Alerts => Set<AlertRow>();

    public DbSet<ExpectedRow> Expected => Set<ExpectedRow>();

    public DbSet<OutboxRow> Outbox => Set<OutboxRow>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<AlertRow>().HasKey(a => new { a.Rule, a.Series });
        modelBuilder.Entity<ExpectedRow>().HasKey(e => new { e.Rule, e.Series });
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

    /// <summary>When somebody was last told, milliseconds since 1970 UTC; 0 when nobody was.</summary>
    public long NotifiedAt { get; set; }
}

/// <summary>A series that an <c>absent_for</c> rule expects.</summary>
internal sealed class ExpectedRow
{
    public required string Rule { get; set; }

    public required string Series { get; set; }

    public long LastSeen { get; set; }
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
