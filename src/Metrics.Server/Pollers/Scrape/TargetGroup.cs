using Metrics.Configuration;
using Metrics.Model;
using Metrics.Series;
using Metrics.Text;

namespace Metrics.Pollers.Scrape;

/// <summary>Addresses with common labels.</summary>
internal sealed record TargetGroup(IReadOnlyList<string> Targets, IReadOnlyDictionary<string, string> Labels)
{
    /// <summary>Reads one of the configuration.</summary>
    /// <param name="section">The group.</param>
    /// <param name="isRelabelled">Whether relabelling makes addresses of what is listed, which may be URLs then.</param>
    public static TargetGroup Read(YamlSection section, bool isRelabelled)
    {
        TargetGroup group = ReadAny(section);
        foreach (string fault in group.Targets.Select(t => FaultOf(t) ?? (isRelabelled ? null : UrlFaultOf(t))).OfType<string>().Distinct())
            section.Report("targets", $"must be addresses such as host:9100, {fault}");
        return group;
    }

    /// <summary>Reads one of a file that others write: a target that is none costs itself alone.</summary>
    /// <param name="section">The group.</param>
    /// <param name="leftOut">Takes what is left out, and why.</param>
    public static TargetGroup ReadSome(YamlSection section, ICollection<string> leftOut)
    {
        TargetGroup group = ReadAny(section);
        foreach (string target in group.Targets)
        {
            if (FaultOf(target) is { } fault)
                leftOut.Add($"'{UserInfo.Without(target)}' must be an address such as host:9100, {fault}");
        }
        return group with { Targets = [.. group.Targets.Where(t => FaultOf(t) is null)] };
    }

    /// <summary>What is wrong with an address that is a URL, in words; null where it is none.</summary>
    public static string? UrlFaultOf(string address) =>
        address.Contains('/', StringComparison.Ordinal) ? "without scheme and path (set scheme and metrics_path)" : null;

    /// <summary>What is wrong with a target before relabelling, in words; null where nothing is.</summary>
    private static string? FaultOf(string target) =>
        // It would be the name of the instance in every series, and sends no password.
        target.Contains('@', StringComparison.Ordinal) ? "without user and password (set basic_auth)" : null;

    private static TargetGroup ReadAny(YamlSection section)
    {
        var group = new TargetGroup(section.Texts("targets"), section.Map("labels"));
        foreach ((YamlText name, _) in section.TextEntries("labels").Where(l => l.Key.Text.Length is 0 or > SeriesBounds.MaxNameLength))
            section.Report("labels", $"has a name of {name.Text.Length} characters; 1 to {SeriesBounds.MaxNameLength} are allowed");
        section.Finish();
        return group;
    }
}
