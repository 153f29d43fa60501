using Metrics.Model;
using Metrics.Query;
using Metrics.Rules.Conditions;

namespace Metrics.Rules;

/// <summary>
/// Labels and annotations of the alerts of one rule: rendered by its templates, and only when they may have changed. One thread at a time.
/// </summary>
internal sealed class AlertTexts(AlertRule rule, TemplateScopes scopes, TimeProvider time)
{
    /// <summary>Says that a value is an estimate.</summary>
    internal const string EstimateAnnotation = "estimate";

    private const string AlertName = "alertname";

    private readonly bool _followValueAlone = rule.Condition is Comparison or Threshold or Learned
        && rule.Labels.Concat(rule.Annotations).All(t => t.Value.FollowsValueAlone);

    /// <summary>
    /// Series whose texts are rendered whatever their value: those that were put back, since their rule may have changed, and those at
    /// which a template failed, so that the rule stays in error as long as it fails.
    /// </summary>
    private readonly HashSet<Labels> _doubted = [];

    /// <summary>Has the texts of a series rendered at its next breach.</summary>
    public void Doubt(Labels series) => _doubted.Add(series);

    /// <summary>The alert of a series is over.</summary>
    public void Forget(Labels series) => _doubted.Remove(series);

    /// <summary>Whether an alert has the texts already that a verdict would give it.</summary>
    public bool Has(AlertInstance alert, Verdict verdict) =>
        _followValueAlone && alert.Labels.Count > 0 && alert.Value.Equals(verdict.Value) && alert.Bound.Equals(verdict.Bound)
        && !_doubted.Contains(alert.Series);

    /// <summary>The alert with the texts of a verdict. A template that fails is the round's error.</summary>
    public AlertInstance Render(ConditionRound round, AlertInstance alert, Verdict verdict)
    {
        _doubted.Remove(alert.Series);
        TemplateScope scope = scopes.Of(round.Context, alert.Series, alert.Value, alert.Bound) with
        {
            Sample = verdict.Sample, Absence = verdict.Absence, Events = verdict.Events,
        };
        string[] texts = [.. rule.Labels.Select(l => Render(round, alert.Series, l.Value, scope, $"label {l.Key}"))];
        Labels labels = HasLabels(alert, texts) ? alert.Labels : LabelsOf(alert.Series, texts);
        scope = scope with { Labels = labels };
        var annotations = new Dictionary<string, string>();
        foreach ((string name, RuleTemplate template) in rule.Annotations)
            annotations[name] = Render(round, alert.Series, template, scope, $"annotation {name}");
        if (verdict.Absence.Length > 0)
            annotations.TryAdd("absence", verdict.Absence);
        if (verdict.Estimate.Length > 0)
            annotations.TryAdd(EstimateAnnotation, verdict.Estimate);
        return alert with { Labels = labels, Annotations = annotations, Events = verdict.Events };
    }

    /// <summary>A text that cannot be rendered must not hold the alert back: it says what is wrong in its place.</summary>
    private string Render(ConditionRound round, Labels series, RuleTemplate template, TemplateScope scope, string what)
    {
        try
        {
            return template.Render(scope, time);
        }
        catch (TemplateException e)
        {
            _doubted.Add(series);
            round.Error = $"{what}: {e.Message}";
            return $"<error in template: {e.Message}>";
        }
    }

    /// <summary>The series' own labels, the rule's, and the alert's name.</summary>
    private Labels LabelsOf(Labels series, string[] texts)
    {
        for (int i = 0; i < texts.Length; i++)
            series = series.With(rule.Labels[i].Key, texts[i]);
        return series.With(AlertName, rule.Name);
    }

    /// <summary>Whether an alert has them already, as mostly it has from the round before: then they need not be made.</summary>
    private bool HasLabels(AlertInstance alert, string[] texts)
    {
        Labels has = alert.Labels;
        int count = 1;
        for (int i = 0; i < texts.Length; i++)
        {
            if (has[rule.Labels[i].Key] != texts[i])
                return false;
            count += texts[i].Length > 0 ? 1 : 0;
        }
        foreach (Label label in alert.Series)
        {
            if (label.Name == AlertName || rule.Labels.Any(l => l.Key == label.Name))
                continue;
            if (has[label.Name] != label.Value)
                return false;
            count++;
        }
        return has[AlertName] == rule.Name && has.Count == count;
    }
}
