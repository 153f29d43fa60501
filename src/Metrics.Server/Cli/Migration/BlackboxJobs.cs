using Metrics.Model;
using Metrics.Text;

namespace Metrics.Cli.Migration;

/// <summary>
/// Makes probes of the scrape jobs that ask blackbox_exporter, where a probe says the same. The others go on asking it, as Prometheus did.
/// </summary>
/// <remarks>https://github.com/prometheus/blackbox_exporter#prometheus-configuration</remarks>
/// <param name="tree">The configuration.</param>
/// <param name="notes">Added to.</param>
internal sealed class BlackboxJobs(MigrationTree tree, List<MigrationNote> notes)
{
    private const string TargetParameter = "__param_target";

    private static readonly string[] s_known =
        ["job_name", "metrics_path", "scheme", "params", "static_configs", "relabel_configs", "scrape_interval", "scrape_timeout"];

    private static readonly string[] s_probers = ["http", "tcp", "dns", "icmp"];

    /// <summary>Makes probes of the jobs that can be.</summary>
    /// <param name="modules">The modules of blackbox.yml by name; null where that was not given.</param>
    public void Convert(YamlMap? modules)
    {
        if (tree.Root["scrape_configs"] is not YamlList jobs)
            return;
        foreach (YamlMap job in jobs.Items.OfType<YamlMap>().Where(IsProbing).ToList())
        {
            string name = TextOf(job, "job_name") ?? "";
            if (modules is null)
            {
                notes.Add(tree.Note(MigrationOutcome.ToDo, job,
                    $"job '{name}' goes on asking blackbox_exporter; name its blackbox.yml here too, and it becomes a probe"));
                continue;
            }
            if (WhyNot(job, modules) is { } why)
            {
                notes.Add(tree.Note(MigrationOutcome.ToDo, job, $"job '{name}' goes on asking blackbox_exporter: {why}"));
                continue;
            }
            jobs.Items.Remove(job);
            AddProbe(job, ModuleOf(job), (YamlMap)modules[ModuleOf(job)]!);
        }
        if (jobs.Items.Count == 0)
            tree.Root.Entries.RemoveAll(e => e.Key.Text == "scrape_configs");
    }

    /// <summary>Whether relabelling makes the target a parameter, as it is done for exporters that ask others.</summary>
    private static bool IsProbing(YamlMap job) => TextOf(job, "metrics_path") == "/probe"
        && RulesOf(job).Any(r => TextOf(r, "target_label") == TargetParameter);

    private static string? WhyNot(YamlMap job, YamlMap modules)
    {
        if (job.Entries.Find(e => !s_known.Contains(e.Key.Text)) is { Key: { } key })
            return $"probes have no {key.Text}";
        if (job["static_configs"] is not YamlList)
            return "probes have targets and static_configs only";
        if (job["params"] is YamlMap parameters && parameters.Entries.Exists(e => e.Key.Text != "module"))
            return "its params name more than the module";
        if (modules[ModuleOf(job)] is not YamlMap module)
            return $"no module '{ModuleOf(job)}' is in blackbox.yml";
        if (TextOf(module, "prober") is not { } prober || !s_probers.Contains(prober))
            return $"there is no prober '{TextOf(module, "prober")}' here";
        return RulesOf(job).All(r => IsPattern(r)) && RulesOf(job).Count(r => TextOf(r, "target_label") == "instance") == 1
            ? null : "its relabel_configs do more than name the target";
    }

    /// <summary>The three rules that everybody has: the target is a parameter and the instance, the exporter is the address.</summary>
    private static bool IsPattern(YamlMap rule)
    {
        if (rule.Entries.Exists(e => e.Key.Text is not ("source_labels" or "target_label" or "replacement")))
            return false;
        string? from = rule["source_labels"] is YamlList { Items: [YamlText one] } ? one.Text : null;
        return TextOf(rule, "target_label") switch
        {
            TargetParameter => from == "__address__" && rule["replacement"] is null,
            "instance" => from is TargetParameter or "__address__" && rule["replacement"] is null,
            "__address__" => rule["source_labels"] is null && rule["replacement"] is YamlText,
            _ => false,
        };
    }

    private void AddProbe(YamlMap job, string moduleName, YamlMap module)
    {
        string prober = TextOf(module, "prober")!;
        YamlMap probe = tree.Map(job);
        tree.Set(probe, "job_name", job["job_name"]!);
        tree.Set(probe, "prober", tree.Text(prober, module));
        if (OfScrape(job, "scrape_interval") is { } interval)
            tree.Set(probe, "interval", interval);
        // As the exporter takes the shorter of the two: its own, and what Prometheus says that it waits.
        if (Shorter(module["timeout"], OfScrape(job, "scrape_timeout")) is { } timeout)
            tree.Set(probe, "timeout", timeout);
        tree.Set(probe, "static_configs", job["static_configs"]!);
        if (module[prober] is YamlMap how)
            AddProber(probe, prober, how);
        AddTo("probes", probe);
        int targets = ((YamlList)job["static_configs"]!).Items.OfType<YamlMap>().Sum(g => g["targets"] is YamlList l ? l.Items.Count : 0);
        notes.Add(tree.Note(MigrationOutcome.Changed, job,
            FormattableString.Invariant($"job '{TextOf(job, "job_name")}' is a probe: module '{moduleName}', {targets} targets; ")
                + "it needs no blackbox_exporter"));
    }

    /// <summary>What a scrape job says, or Prometheus for all of them.</summary>
    private YamlValue? OfScrape(YamlMap job, string key) => job[key] ?? (tree.Root["global"] as YamlMap)?[key];

    private static YamlValue? Shorter(YamlValue? one, YamlValue? other) =>
        TimeOf(one) is { } first && TimeOf(other) is { } second ? first < second ? one : other : one ?? other;

    private static TimeSpan? TimeOf(YamlValue? value) =>
        value is YamlText text && Duration.TryParse(text.Text, out TimeSpan time) ? time : null;

    private void AddProber(YamlMap probe, string prober, YamlMap how)
    {
        YamlMap copy = tree.Again(how);
        string? preferred = TextOf(copy, "preferred_ip_protocol");
        copy.Entries.RemoveAll(e => e.Key.Text is "preferred_ip_protocol" or "ip_protocol_fallback");
        if (preferred is "ip4" or "ip6")
        {
            tree.Set(probe, "ip_protocol", tree.Text(preferred, how));
            notes.Add(tree.Note(MigrationOutcome.Changed, how,
                $"preferred_ip_protocol: {preferred} is ip_protocol: {preferred}, which does not fall back to the other"));
        }
        if (copy.Entries.Count > 0)
            tree.Set(probe, prober, copy);
    }

    private void AddTo(string key, YamlMap entry)
    {
        if (tree.Root[key] is not YamlList list)
            tree.Set(tree.Root, key, list = tree.List(entry));
        list.Items.Add(entry);
    }

    private static IEnumerable<YamlMap> RulesOf(YamlMap job) =>
        job["relabel_configs"] is YamlList rules ? rules.Items.OfType<YamlMap>() : [];

    /// <summary>The exporter's own default is this module.</summary>
    private static string ModuleOf(YamlMap job) => job["params"] is YamlMap parameters
        ? parameters["module"] switch
        {
            YamlText text => text.Text,
            YamlList { Items: [YamlText text, ..] } => text.Text,
            _ => "http_2xx",
        }
        : "http_2xx";

    private static string? TextOf(YamlMap map, string key) => map[key] is YamlText text ? text.Text : null;
}
