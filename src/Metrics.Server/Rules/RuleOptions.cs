using Metrics.Configuration;
using Metrics.Model;
using Metrics.Routing;
using Metrics.Text;

namespace Metrics.Rules;

/// <summary>Which rules are evaluated, and where: the sections <c>rules</c> and <c>sigma</c>.</summary>
/// <param name="Files">Rule files, or patterns of such (<see cref="PathPattern"/>).</param>
/// <param name="Shipped">Whether the shipped rules are evaluated too. Default true.</param>
/// <param name="RemoteQuery">An engine that speaks Prometheus's API and evaluates the rules' expressions in our place; null is
/// none.</param>
internal sealed record RuleOptions(IReadOnlyList<string> Files, bool Shipped, Uri? RemoteQuery)
{
    /// <summary>
    /// How much of one core all rounds together may take that take place because data arrived, from 0 (rules go by their interval only) to
    /// 1. Default 0.1.
    /// </summary>
    public double ArrivalShare { get; init; } = 0.1;

    /// <summary>The address under which people reach us: <c>external_url</c>, for the links that templates make.</summary>
    public string ExternalUrl { get; init; } = "";

    /// <summary>Files of Sigma rules: <c>sigma.files</c>.</summary>
    public IReadOnlyList<string> SigmaFiles { get; init; } = [];

    /// <summary>The calendar that rules may ask: <c>time_intervals</c>, by name.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<TimeInterval>> TimeIntervals { get; init; } =
        new Dictionary<string, IReadOnlyList<TimeInterval>>();

    /// <summary>What holds for groups that do not say otherwise: <c>evaluation_interval</c> and <c>rule_query_offset</c>.</summary>
    public RuleDefaults Defaults { get; init; } = RuleDefaults.None;

    /// <summary>What templates written for Prometheus see as <c>$externalLabels</c>.</summary>
    public Labels ExternalLabels { get; init; } = Labels.Empty;

    /// <summary>Reads the sections <c>rules</c> and <c>sigma</c>, and Prometheus's keys for the same.</summary>
    public static RuleOptions Read(YamlSection top)
    {
        YamlSection section = top.Section("rules"), sigma = top.Section("sigma"), global = top.Section("global");
        Uri? remote = section.Has("remote_query") ? section.RequiredUrl("remote_query") : null;
        var options = new RuleOptions([.. section.Texts("files"), .. BesideTheFile(top)], section.Flag("shipped", true), remote)
        {
            ArrivalShare = section.Share("arrival_share", 0.1),
            SigmaFiles = sigma.Texts("files"),
            Defaults = new RuleDefaults(
                global.Duration("evaluation_interval", RuleDefaults.None.Interval, min: TimeSpan.FromMilliseconds(100)),
                global.Duration("rule_query_offset", TimeSpan.Zero)),
            ExternalLabels = global.PlainLabels("external_labels"),
        };
        section.Finish();
        sigma.Finish();
        return options;
    }

    /// <summary>Prometheus looks for its <c>rule_files</c> beside its configuration.</summary>
    private static IEnumerable<string> BesideTheFile(YamlSection top) =>
        top.Texts("rule_files").Select(f => Path.Combine(Path.GetDirectoryName(top.File) ?? "", f));
}
