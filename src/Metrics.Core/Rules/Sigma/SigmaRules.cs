using Metrics.Rules.Conditions;
using Metrics.Text;

namespace Metrics.Rules.Sigma;

/// <summary>
/// Makes alerting rules of Sigma's: of all files together, since correlations refer to rules of other files, and since all are looked for
/// in one pass over the events.
/// </summary>
public sealed class SigmaRules
{
    /// <summary>Name of the group that they are in, and what stands for its file.</summary>
    public const string GroupName = "sigma";

    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(15);

    private readonly List<SigmaDocument> _documents = [];
    private readonly List<SigmaOutcome> _files = [];
    private readonly Dictionary<SigmaDocument, SigmaDetection> _detections = [];
    private readonly Dictionary<SigmaDocument, int> _places = [];

    /// <summary>Reads a file.</summary>
    /// <param name="text">Its text: a rule, or several documents.</param>
    /// <param name="file">Name for messages.</param>
    public void Read(string text, string file)
    {
        var problems = new List<Problem>();
        IReadOnlyList<YamlValue> documents = YamlComposer.ComposeAll(text, file, problems);
        var other = documents.FirstOrDefault(d => d is not YamlMap);
        if (other is not null)
            problems.Add(new Problem(file, other.Line, other.Column, "expected a mapping: a Sigma rule"));
        if (problems.Count == 0 && documents.Count == 0)
            problems.Add(new Problem(file, 1, 1, "there is no rule in it"));
        if (problems.Count > 0)
            Refuse(file, problems);
        else
            _documents.AddRange(documents.Cast<YamlMap>().Select(d => new SigmaDocument(d, file)));
    }

    /// <summary>Notes a file that cannot be used at all.</summary>
    public void Refuse(string file, IReadOnlyList<Problem> problems) => _files.Add(new SigmaOutcome(
        "", file, "", [.. problems.Select(p => new SigmaFault(SigmaReason.Broken, p.File, p.Line, p.Column, p.Message))]));

    /// <summary>Makes the rules of what was read.</summary>
    public SigmaLoad Make()
    {
        FindTwice();
        foreach (SigmaDocument rule in _documents.Where(d => !d.IsCorrelation))
        {
            if (SigmaRule.Read(rule) is { } detection && rule.Faults.All.Count == 0)
                _detections.Add(rule, detection);
        }
        Dictionary<SigmaDocument, SigmaCorrelated> correlated = ReadCorrelations();
        HashSet<SigmaDocument> silent = FindSilent(correlated);
        foreach (SigmaDocument rule in _documents.Where(_detections.ContainsKey))
            _places.Add(rule, _places.Count);
        var matcher = new SigmaMatcher([.. _places.OrderBy(p => p.Value).Select(p => _detections[p.Key])]);
        var maker = new SigmaAlerts();
        var alerts = new List<AlertRule>();
        foreach (SigmaDocument document in _documents.Where(d => d.Faults.All.Count == 0 && !silent.Contains(d)))
        {
            alerts.Add(correlated.GetValueOrDefault(document) switch
            {
                SigmaCount count => maker.Of(document, FilterOf(count.Rules, matcher), count),
                SigmaSequence sequence => maker.Of(document, [.. sequence.Steps.Select(s => StepOf(s, matcher))], sequence),
                _ => maker.Of(document, FilterOf([document], matcher)),
            });
        }
        return new SigmaLoad(alerts.Count == 0 ? null : GroupOf(alerts), [.. _files, .. _documents.Select(OutcomeOf)]);
    }

    private void FindTwice()
    {
        foreach (Func<SigmaDocument, string> key in new Func<SigmaDocument, string>[] { d => d.Id, d => d.Name })
        {
            foreach (IGrouping<string, SigmaDocument> same in _documents.Where(d => key(d).Length > 0).GroupBy(key))
            {
                foreach (SigmaDocument second in same.Skip(1))
                    second.Faults.Add(SigmaReason.Broken, second.Content, $"'{same.Key}' is the rule at {same.First().Location} already");
            }
        }
    }

    /// <summary>Those that count first: others may refer to them.</summary>
    private Dictionary<SigmaDocument, SigmaCorrelated> ReadCorrelations()
    {
        var sources = _detections.ToDictionary(d => d.Key, d => d.Value.Source);
        var counts = new Dictionary<SigmaDocument, SigmaCount>();
        var correlated = new Dictionary<SigmaDocument, SigmaCorrelated>();
        foreach (SigmaDocument document in _documents.Where(d => d.Correlation is not null).OrderBy(SigmaCorrelation.IsTemporal))
        {
            if (new SigmaCorrelation(document, Find, sources, counts).Read() is not { } read)
                continue;
            correlated.Add(document, read);
            if (read is SigmaCount count)
                counts.Add(document, count);
        }
        return correlated;
    }

    /// <summary>
    /// What a correlation refers to raises no alert of its own, unless it asks for that; a rule has no use where it is not loaded.
    /// </summary>
    private HashSet<SigmaDocument> FindSilent(Dictionary<SigmaDocument, SigmaCorrelated> correlated)
    {
        var silent = new HashSet<SigmaDocument>();
        var kept = new HashSet<SigmaDocument>();
        foreach (SigmaDocument correlation in _documents.Where(d => d.IsCorrelation))
        {
            (SigmaCorrelation.KeepsRules(correlation) ? kept : silent)
                .UnionWith(SigmaCorrelation.References(correlation).Select(r => Find(r.Text)).OfType<SigmaDocument>());
        }
        silent.ExceptWith(kept);
        var used = correlated.Values.SelectMany(c => c.Refers).ToHashSet();
        foreach (SigmaDocument rule in silent.Where(r => !used.Contains(r) && _detections.Remove(r)))
            rule.Faults.Add(SigmaReason.Correlation, rule.Content, "it is there for a correlation that is not loaded");
        // One that counts says enough by itself.
        silent.IntersectWith(used);
        return silent;
    }

    private SigmaDocument? Find(string reference) => _documents.Find(d => d.Name == reference) ?? _documents.Find(d => d.Id == reference);

    /// <summary>
    /// The events that meet any of some rules. Its text stays as long as these ask for the same of the same logs, whatever else is said
    /// in them, so that what was counted stays over a reload.
    /// </summary>
    private EventFilter FilterOf(IReadOnlyList<SigmaDocument> rules, SigmaMatcher matcher)
    {
        int[] places = [.. rules.Select(r => _places[r])];
        List<SigmaSource> sources = [.. rules.Select(r => _detections[r].Source).Distinct()];
        HashSet<string>? kinds = sources.Exists(s => s.Kinds is null) ? null : [.. sources.SelectMany(s => s.Kinds!)];
        string logs = string.Join(", ", sources.Select(s => s.Name).Distinct());
        string digest = YamlDigest.Of(rules.SelectMany(r => new YamlValue?[] { r.Logsource, r.Detection }));
        return new EventFilter((batch, row) => matcher.Next(places, batch, row), kinds, $"of {logs} by Sigma rule {digest[..12]}");
    }

    private EventStep StepOf(SigmaStep step, SigmaMatcher matcher) =>
        new(FilterOf(step.Rules, matcher), step.Count, step.Fields) { Within = step.Within };

    private RuleGroup GroupOf(List<AlertRule> alerts) => new(GroupName, GroupName, s_interval, alerts)
    {
        Digest = YamlDigest.Of(_documents.Where(d => d.Faults.All.Count == 0).Select(d => d.Content)),
    };

    private static SigmaOutcome OutcomeOf(SigmaDocument d) => new(
        d.Title, d.Location, d.IsCorrelation ? "correlation" : SigmaRule.LogsourceOf(d), d.Faults.All);
}
