using Microsoft.EntityFrameworkCore;

namespace Metrics.Storage.State;

/// <summary>
/// State that must not be lost: open alerts and who was notified of them, silences, expected series, the outbox, what happened, who did
/// what.
/// The model is what statements are made from (<see cref="EntityStatements"/>).
/// </summary>
internal sealed class StateDb(DbContextOptions<StateDb> options) : DbContext(options)
{
    /// <summary>
    /// Marks a table whose key may be longer than a tree of PostgreSQL's takes; there it goes by digests
    /// (<see cref="Migrations.M4_AuditAndLongKeys"/>).
    /// </summary>
    public const string LongKey = "Metrics:LongKey";

    public DbSet<AlertRow> Alerts => Set<AlertRow>();

    public DbSet<ExpectedRow> Expected => Set<ExpectedRow>();

    public DbSet<OutboxRow> Outbox => Set<OutboxRow>();

    public DbSet<GroupRow> Groups => Set<GroupRow>();

    public DbSet<SilenceRow> Silences => Set<SilenceRow>();

    public DbSet<AlertStepRow> AlertSteps => Set<AlertStepRow>();

    public DbSet<AlertNoteRow> AlertNotes => Set<AlertNoteRow>();

    public DbSet<NotificationRow> Notifications => Set<NotificationRow>();

    public DbSet<NotificationAlertRow> NotificationAlerts => Set<NotificationAlertRow>();

    public DbSet<DeliveryTryRow> DeliveryTries => Set<DeliveryTryRow>();

    public DbSet<RuleFiringRow> RuleFirings => Set<RuleFiringRow>();

    public DbSet<AckRow> Acknowledgements => Set<AckRow>();

    public DbSet<FlapRow> Flaps => Set<FlapRow>();

    public DbSet<LearnedRow> Learned => Set<LearnedRow>();

    public DbSet<KeyRow> Keys => Set<KeyRow>();

    public DbSet<AuditRow> Audit => Set<AuditRow>();

    public DbSet<SealRow> Seals => Set<SealRow>();

    public DbSet<ReportRow> Reports => Set<ReportRow>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<AlertRow>().HasKey(a => new { a.Rule, a.Series });
        modelBuilder.Entity<ExpectedRow>().HasKey(e => new { e.Rule, e.Series });
        modelBuilder.Entity<GroupRow>().HasKey(g => new { g.Route, g.Labels });
        modelBuilder.Entity<OutboxRow>().HasIndex(o => o.NextTry);
        modelBuilder.Entity<OutboxRow>().HasIndex(o => new { o.Target, o.Id });
        modelBuilder.Entity<AlertStepRow>().HasIndex(s => s.Alert);
        modelBuilder.Entity<AlertStepRow>().HasIndex(s => s.RuleName);
        modelBuilder.Entity<AlertNoteRow>().HasIndex(n => n.Alert);
        modelBuilder.Entity<NotificationRow>().Property(n => n.Id).ValueGeneratedNever();
        modelBuilder.Entity<NotificationRow>().HasIndex(n => n.Key);
        modelBuilder.Entity<NotificationRow>().HasIndex(n => n.GroupKey);
        modelBuilder.Entity<NotificationAlertRow>().HasIndex(n => n.Alert);
        modelBuilder.Entity<DeliveryTryRow>().HasIndex(t => t.Message);
        modelBuilder.Entity<RuleFiringRow>().HasKey(f => f.Rule);
        modelBuilder.Entity<AckRow>().HasKey(a => a.Alert);
        modelBuilder.Entity<FlapRow>().HasKey(f => new { f.Rule, f.Series });
        modelBuilder.Entity<LearnedRow>().HasKey(l => new { l.Rule, l.Series });
        modelBuilder.Entity<KeyRow>().HasKey(k => k.Name);
        modelBuilder.Entity<ReportRow>().HasKey(r => r.Name);
        modelBuilder.Entity<SealRow>().HasKey(s => s.FirstId);
        modelBuilder.Entity<SealRow>().Property(s => s.FirstId).ValueGeneratedNever();
        Type[] byLongKeys =
            [typeof(AlertRow), typeof(ExpectedRow), typeof(GroupRow), typeof(FlapRow), typeof(LearnedRow), typeof(RuleFiringRow)];
        foreach (Type type in byLongKeys)
            modelBuilder.Entity(type).HasAnnotation(LongKey, true);
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

    /// <summary>By what it is expected (<see cref="Rules.AlertRuleState.MemoryDigest"/>); null where that was not written yet.</summary>
    public string? Digest { get; set; }
}

/// <summary>Alerts that go into one message, and who was notified of them.</summary>
internal sealed class GroupRow
{
    /// <summary>The route's place in the tree.</summary>
    public required string Route { get; set; }

    /// <summary>The group's labels, as JSON.</summary>
    public required string Labels { get; set; }

    /// <summary>When it is looked at next, milliseconds since 1970 UTC.</summary>
    public long NextFlush { get; set; }

    /// <summary>What each integration was notified of last, as JSON.</summary>
    public required string NotificationLog { get; set; }

    /// <summary>Alerts that have ended and nobody was notified yet, as JSON.</summary>
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

/// <summary>Somebody is at an alert.</summary>
internal sealed class AckRow
{
    /// <summary>Id of the alert, 32 hex digits.</summary>
    public required string Alert { get; set; }

    /// <summary>When it fired: an acknowledgement holds for one time that it fires.</summary>
    public long FiredAt { get; set; }

    public required string By { get; set; }

    public long At { get; set; }

    public required string Comment { get; set; }
}

/// <summary>When an alert began and ended of late.</summary>
internal sealed class FlapRow
{
    public required string Rule { get; set; }

    public required string Series { get; set; }

    /// <summary>Times, with blanks between.</summary>
    public required string Changes { get; set; }

    public bool IsFlapping { get; set; }

    public bool IsOver { get; set; }
}

/// <summary>What a rule has learned of a series.</summary>
internal sealed class LearnedRow
{
    public required string Rule { get; set; }

    public required string Series { get; set; }

    public required string Model { get; set; }
}

/// <summary>A secret that we made ourselves.</summary>
internal sealed class KeyRow
{
    public required string Name { get; set; }

    public required string Value { get; set; }
}

/// <summary>What a table of the event log, that is a day or a part of one, held when it ended.</summary>
internal sealed class SealRow
{
    /// <summary>Its first event.</summary>
    public long FirstId { get; set; }

    public long LastId { get; set; }

    /// <summary>The table's name.</summary>
    public required string Table { get; set; }

    /// <summary>How many events it held.</summary>
    public long Count { get; set; }

    /// <summary>SHA-256 of its events, in hexadecimal.</summary>
    public required string Hash { get; set; }

    /// <summary>The last id of each of its parts and the beginning of its hash, with blanks between.</summary>
    public required string Parts { get; set; }

    /// <summary>The chain's head before it, in hexadecimal.</summary>
    public required string Before { get; set; }

    /// <summary>Milliseconds since 1970 UTC.</summary>
    public long SealedAt { get; set; }
}

/// <summary>Up to when a report has been sent.</summary>
internal sealed class ReportRow
{
    public required string Name { get; set; }

    /// <summary>When the last that went was due, or since when it is asked for; milliseconds since 1970 UTC.</summary>
    public long Due { get; set; }
}
