using System.Globalization;
using System.Text.Json;
using Metrics.Configuration;
using Metrics.Pollers;

namespace Metrics.Hosting;

/// <summary>What a reload would do to one section.</summary>
/// <param name="Section">Its name, such as <c>scrape_configs node</c>.</param>
/// <param name="Targets">Targets of it that are polled now; 0 where it asks for none.</param>
internal sealed record SectionChange(string Section, int Targets)
{
    public override string ToString() => Targets == 0
        ? Section
        : string.Create(CultureInfo.InvariantCulture, $"{Section} ({Targets} {(Targets == 1 ? "target" : "targets")})");
}

/// <summary>What a reload would do.</summary>
/// <param name="Restart">Sections that have changed: their targets begin anew and keep their series.</param>
/// <param name="Begin">Sections that are new.</param>
/// <param name="End">Sections that are gone: the series of their targets end.</param>
/// <param name="NextStart">Sections whose change takes effect at the next start only.</param>
internal sealed record ReloadEffect(
    IReadOnlyList<SectionChange> Restart, IReadOnlyList<SectionChange> Begin, IReadOnlyList<SectionChange> End,
    IReadOnlyList<SectionChange> NextStart)
{
    /// <summary>One line a change, for people.</summary>
    public IEnumerable<string> Lines() =>
    [
        .. Restart.Select(c => $"would {(c.Targets > 0 ? "restart" : "change")}: {c}"),
        .. Begin.Select(c => $"would begin: {c}"),
        .. End.Select(c => $"would end: {c}"),
        .. NextStart.Select(c => $"takes effect at the next start: {c}"),
    ];
}

/// <summary>Compares a configuration that is not in force with the one that is.</summary>
internal sealed class ReloadPreview(Reloader reloader, MetricsOptions atStart, PollScheduler polls)
{
    /// <summary>Where it is asked for.</summary>
    public const string Path = "/api/v1/status/reload";

    /// <summary>How it is written.</summary>
    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>What a reload would do.</summary>
    /// <param name="sections">The sections of the configuration that is not in force.</param>
    public ReloadEffect Compare(IReadOnlyCollection<SectionId> sections)
    {
        ILookup<string, SectionId> targets = polls.Targets.Select(t => t.Declared.Identity.Section).ToLookup(s => s.Name);
        return Compare([.. reloader.Sections], sections, atStart.AtStart.Select(s => s.Name).ToHashSet(), name => targets[name].Count());
    }

    /// <summary>Compares two readings of a configuration.</summary>
    /// <param name="before">What is in force.</param>
    /// <param name="after">What would be.</param>
    /// <param name="atStart">Names of sections that take effect at the start only.</param>
    /// <param name="targets">How many targets a section has now.</param>
    internal static ReloadEffect Compare(
        IReadOnlyCollection<SectionId> before, IReadOnlyCollection<SectionId> after, IReadOnlySet<string> atStart,
        Func<string, int> targets)
    {
        HashSet<string> known = [.. before.Select(s => s.Name)], wanted = [.. after.Select(s => s.Name)];
        IEnumerable<SectionId> either = after.Except(before).Concat(before.Except(after));
        List<string> differ = [.. either.Select(s => s.Name).Distinct().Order(StringComparer.Ordinal)];
        return new ReloadEffect(
            Changes(n => !atStart.Contains(n) && known.Contains(n) && wanted.Contains(n)), Changes(n => !known.Contains(n)),
            Changes(n => !wanted.Contains(n)), Changes(n => atStart.Contains(n) && known.Contains(n) && wanted.Contains(n)));

        List<SectionChange> Changes(Func<string, bool> which) => [.. differ.Where(which).Select(n => new SectionChange(n, targets(n)))];
    }
}
