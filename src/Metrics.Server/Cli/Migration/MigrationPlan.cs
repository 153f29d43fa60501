using Metrics.Configuration;
using Metrics.Hosting;
using Metrics.Rules;
using Metrics.Text;

namespace Metrics.Cli.Migration;

/// <summary>What became of files of Prometheus, Alertmanager and blackbox_exporter.</summary>
/// <param name="Yaml">The new file.</param>
/// <param name="Notes">What a person should know, file by file and line by line.</param>
/// <param name="Options">What is read of it.</param>
/// <param name="Rules">The rules of its files; none where something is wrong with one of them.</param>
/// <param name="IsValid">Whether the daemon would start with it.</param>
internal sealed record MigrationPlan(
    string Yaml, IReadOnlyList<MigrationNote> Notes, MetricsOptions Options, IReadOnlyList<RuleGroup> Rules, bool IsValid)
{
    /// <summary>Makes one configuration of several files.</summary>
    /// <param name="files">The files, at most one of a kind.</param>
    /// <param name="target">The file that it will be.</param>
    public static MigrationPlan Of(IReadOnlyList<MigrationFile> files, string target)
    {
        var tree = new MigrationTree();
        var notes = new List<MigrationNote>();
        foreach (MigrationFile file in files.Where(f => f.Kind != MigrationKind.Blackbox).OrderBy(f => f.Kind))
            Merge(tree, file);
        FilePaths.MakeWhole(tree, tree.Root);
        MigrationFile? prometheus = FileOf(MigrationKind.Prometheus), alertmanager = FileOf(MigrationKind.Alertmanager);
        if (prometheus is not null)
            SayDefaults(tree, prometheus);
        YamlMap? modules = FileOf(MigrationKind.Blackbox) is { } blackbox
            ? ((YamlMap)tree.Copy(blackbox.Root, blackbox.Path))["modules"] as YamlMap : null;
        if (modules is not null)
            FilePaths.MakeWhole(tree, modules);
        new BlackboxJobs(tree, notes).Convert(modules);
        if (alertmanager is not null)
        {
            LeaveOutAlertmanager(tree, notes);
            SayOfExternalLabels(tree, notes);
        }
        (MetricsOptions options, bool isValid) = new Fitting(tree, notes).Fit(target);
        var problems = new List<Problem>();
        IReadOnlyList<RuleGroup> rules = ReadRules(options, problems);
        notes.AddRange(problems.Select(p => new MigrationNote(MigrationOutcome.ToDo, p.File, p.Line, p.Message)));
        List<MigrationNote> ordered =
        [
            .. notes.OrderBy(n => files.TakeWhile(f => f.Path != n.File).Count()).ThenBy(n => n.File, StringComparer.Ordinal)
                .ThenBy(n => n.Line).DistinctBy(n => n.ToString()),
        ];
        return new MigrationPlan(YamlWriter.Write(tree.Root), ordered, options, rules, isValid && problems.Count == 0);

        MigrationFile? FileOf(MigrationKind kind) => files.FirstOrDefault(f => f.Kind == kind);
    }

    private static void Merge(MigrationTree tree, MigrationFile file)
    {
        var copy = (YamlMap)tree.Copy(file.Root, file.Path);
        foreach ((YamlText key, YamlValue value) in copy.Entries)
        {
            // The one section that they share; no key in it is both of them's.
            if (tree.Root[key.Text] is YamlMap both && value is YamlMap more)
                both.Entries.AddRange(more.Entries);
            else
                tree.Root.Entries.Add(new(key, value));
        }
    }

    /// <summary>What is so where Prometheus's file says nothing, and would be otherwise here.</summary>
    private static void SayDefaults(MigrationTree tree, MigrationFile prometheus)
    {
        YamlValue like = tree.Copy(new YamlMap { Line = 0, Column = 0 }, prometheus.Path);
        YamlMap global = tree.MapAt(tree.Root, "global");
        foreach ((string key, string value) in new[] { ("scrape_interval", "1m"), ("evaluation_interval", "1m") })
        {
            if (global[key] is null)
                tree.Set(global, key, tree.Text(value, like));
        }
        if (global["scrape_timeout"] is null)
            tree.Set(global, "scrape_timeout", tree.Text(TimeoutFor(((YamlText)global["scrape_interval"]!).Text), like));
        tree.Set(tree.MapAt(tree.Root, "rules"), "shipped", tree.Text("false", like));
    }

    /// <summary>Prometheus waits ten seconds, but no longer than until the next time.</summary>
    private static string TimeoutFor(string interval) =>
        Model.Duration.TryParse(interval, out TimeSpan every) && every < TimeSpan.FromSeconds(10) ? interval : "10s";

    /// <summary>Who is told is said here now: told by Alertmanager too they would be told twice.</summary>
    private static void LeaveOutAlertmanager(MigrationTree tree, List<MigrationNote> notes)
    {
        if (tree.Root["alerting"] is not YamlMap alerting || alerting["alertmanagers"] is not { } them)
            return;
        notes.Add(tree.Note(MigrationOutcome.Changed, them,
            "alertmanagers: metricsd notifies by itself, by the routes and receivers of alertmanager.yml"));
        alerting.Entries.RemoveAll(e => e.Key.Text == "alertmanagers");
        if (alerting.Entries.Count == 0)
            tree.Root.Entries.RemoveAll(e => e.Key.Text == "alerting");
    }

    /// <summary>Alertmanager gets alerts with them; routes and messages of metricsd see alerts without them.</summary>
    private static void SayOfExternalLabels(MigrationTree tree, List<MigrationNote> notes)
    {
        if (tree.Root["global"] is not YamlMap global || global["external_labels"] is not YamlMap { Entries.Count: > 0 } labels)
            return;
        string names = string.Join(", ", labels.Entries.Select(e => e.Key.Text));
        notes.Add(tree.Note(MigrationOutcome.ToDo, labels,
            $"external_labels: routes, inhibitions and messages see alerts without them; look for {names} in alertmanager.yml"));
    }

    private static IReadOnlyList<RuleGroup> ReadRules(MetricsOptions options, List<Problem> problems)
    {
        try
        {
            return RuleSet.Load(options.Rules).Groups;
        }
        catch (ConfigurationException e)
        {
            problems.AddRange(e.Problems);
            return [];
        }
    }
}
