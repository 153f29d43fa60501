using Metrics.Configuration;
using Metrics.Hosting;
using Metrics.Text;

namespace Metrics.Cli.Migration;

/// <summary>
/// Takes out of a configuration what the reader of configurations refuses, so that what it says of a key is said once, there. A problem
/// costs the key or the entry that it is about; what holds a whole section together, and files that are not there, are left for a person.
/// </summary>
/// <param name="tree">The configuration.</param>
/// <param name="notes">Added to.</param>
internal sealed class Fitting(MigrationTree tree, List<MigrationNote> notes)
{
    private const string Discovery = "_sd_configs", Static = "static_configs";

    /// <summary>Sections without which a file says nothing: what is wrong with one as a whole does not cost all of it.</summary>
    private static readonly string[] s_kept =
        ["global", "scrape_configs", "probes", "rule_files", "rules", "route", "receivers", "inhibit_rules", "time_intervals"];

    private readonly HashSet<string> _left = [];

    /// <summary>Fits it.</summary>
    /// <param name="file">The file that it will be.</param>
    /// <returns>What is read of it, and whether nothing is left for a person.</returns>
    public (MetricsOptions Options, bool IsValid) Fit(string file)
    {
        while (true)
        {
            var problems = new List<Problem>();
            MetricsOptions options = MetricsOptionsReader.Read(new YamlSection(tree.Root, file, "", problems));
            // Each round takes something out, so that there is an end.
            if (!problems.ConvertAll(TakeOut).Contains(true))
                return (options, problems.Count == 0);
        }
    }

    private bool TakeOut(Problem problem)
    {
        IReadOnlyList<MigrationPlace> path = tree.PathTo(problem.Line);
        // It went with another one.
        if (path.Count == 0 && problem.Line > tree.Root.Line)
            return false;
        if (path.Count == 0 || (path.Count == 1 && s_kept.Contains(path[0].Key)) || IsFile(path[^1]))
        {
            if (_left.Add(problem.Message))
                notes.Add(path.Count == 0
                    ? new MigrationNote(MigrationOutcome.ToDo, problem.File, 0, problem.Message)
                    : tree.Note(MigrationOutcome.ToDo, path[^1].Value, ShortOf(problem.Message)));
            return false;
        }
        int at = path.Count - 1;
        if (IsLastOfItsJob(path[at]))
            at--;
        string why = ShortOf(problem.Message);
        // The reason names the key already.
        IEnumerable<string> where = Names(path.Take(at + 1)).Where(n => !why.StartsWith(n, StringComparison.Ordinal));
        notes.Add(tree.Note(MigrationOutcome.LeftOut, path[^1].Value, string.Join(": ", where.Append(why))));
        path[at].Remove();
        SayWhoIsNotReached(path, at);
        return true;
    }

    private static bool IsFile(MigrationPlace place) => place.Key is { } key && key.EndsWith("_file", StringComparison.Ordinal);

    /// <summary>Whether a scrape job finds its targets by that alone: without it there is no job.</summary>
    private static bool IsLastOfItsJob(MigrationPlace place) => place.In is YamlMap job
        && job["job_name"] is not null
        && IsDiscovery(place.Key!)
        && job.Entries.Count(e => IsDiscovery(e.Key.Text)) == 1;

    private static bool IsDiscovery(string key) => key == Static || key.EndsWith(Discovery, StringComparison.Ordinal);

    private void SayWhoIsNotReached(IReadOnlyList<MigrationPlace> path, int at)
    {
        if (path[0].Key != "receivers" || path.Count < 2 || at < 2 || path[1].Value is not YamlMap receiver)
            return;
        if (!receiver.Entries.Exists(e => e.Key.Text.EndsWith("_configs", StringComparison.Ordinal)
            && e.Value is YamlList { Items.Count: > 0 }))
        {
            notes.Add(tree.Note(MigrationOutcome.ToDo, receiver, $"receiver '{((YamlText)receiver["name"]!).Text}' reaches nobody now"));
        }
    }

    /// <summary>Jobs and receivers by their names, and the key itself; what lies between can be seen in the file.</summary>
    private static IEnumerable<string> Names(IEnumerable<MigrationPlace> path)
    {
        string? list = null;
        MigrationPlace[] places = [.. path];
        for (int i = 0; i < places.Length; i++)
        {
            if (places[i].Key is { } key)
                list = key;
            bool isNamed = places[i].Value is YamlMap map && (map["job_name"] ?? map["name"]) is YamlText;
            if (isNamed || i == places.Length - 1)
                yield return places[i].Name(list);
        }
    }

    /// <summary>Without the path, whose numbers are those of the file that is made, and without what else there is.</summary>
    private static string ShortOf(string message)
    {
        int end = message.IndexOf(' ', StringComparison.Ordinal);
        int dot = end < 0 ? -1 : message.LastIndexOf('.', end);
        int known = message.IndexOf("is not a known key; ", StringComparison.Ordinal) is >= 0 and var at
            ? message.IndexOf(';', at) : -1;
        return message[(dot + 1)..(known < 0 ? message.Length : known)];
    }
}
