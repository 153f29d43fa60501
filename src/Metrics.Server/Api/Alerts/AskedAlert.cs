using Metrics.Alerting;
using Metrics.Model;
using Metrics.Query;
using Metrics.Routing;
using Metrics.Series;

namespace Metrics.Api.Alerts;

/// <summary>Alerts as people name them: a rule's name, and labels where it has many.</summary>
/// <param name="Name">Name of the rule.</param>
/// <param name="Matchers">On the labels of series or alert.</param>
internal sealed record AskedAlert(string Name, IReadOnlyList<LabelMatcher> Matchers)
{
    /// <summary>What is to be given.</summary>
    public const string Expected = "a rule's name, with labels where it has many alerts: HostDown{host=\"a\"}";

    /// <summary>Reads <c>HostDown{host="a"}</c>; the name of a rule may hold what that of a metric may not, such as blanks.</summary>
    /// <returns>Null for anything else.</returns>
    public static AskedAlert? Read(string asked, out string? error)
    {
        if (VectorSelector.TryParse(asked, out VectorSelector? selector, out QueryError? wrong) && selector!.MetricName is { } metric)
        {
            error = null;
            return new AskedAlert(metric, [.. selector.Matchers.Where(m => m.Name != Labels.MetricName)]);
        }
        error = wrong?.ToString();
        int brace = asked.IndexOf('{', StringComparison.Ordinal) is >= 0 and var at ? at : asked.Length;
        try
        {
            IReadOnlyList<LabelMatcher> labels = brace < asked.Length ? MatcherText.Parse(asked[brace..]) : [];
            string name = asked[..brace].Trim();
            return name.Length > 0 ? new AskedAlert(name, labels) : null;
        }
        catch (FormatException e)
        {
            error = e.Message;
            return null;
        }
    }

    /// <summary>Whether an alert is one of them, by its labels and those that its series alone has.</summary>
    public bool Matches(ActiveAlert alert)
    {
        if (alert.Name != Name)
            return false;
        (Labels labels, Labels series) = (alert.Alert.Labels, alert.Alert.Series);
        var all = Labels.Of([.. labels, .. series.Where(l => labels[l.Name].Length == 0)]);
        return Matchers.All(m => m.Matches(all));
    }
}
