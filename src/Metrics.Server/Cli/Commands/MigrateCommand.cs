using System.CommandLine;
using System.Globalization;
using Metrics.Cli.Migration;
using Metrics.Configuration;
using Metrics.Pollers.Probes;
using Metrics.Pollers.Scrape;
using Metrics.Text;

namespace Metrics.Cli.Commands;

/// <summary><c>metricsd migrate FILE…</c>: one configuration out of those of Prometheus, Alertmanager and blackbox_exporter.</summary>
internal sealed class MigrateCommand : CliCommand
{
    private static readonly (MigrationOutcome Outcome, string Title)[] s_parts =
    [
        (MigrationOutcome.Changed, "Said in another way:"), (MigrationOutcome.LeftOut, "Left out:"), (MigrationOutcome.ToDo, "To be looked at:"),
    ];

    private readonly Argument<string[]> _files = new("FILE")
    {
        Description = "prometheus.yml, alertmanager.yml, blackbox.yml, at most one of each, told apart by what stands in them.",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<string> _to = new("--to")
    {
        HelpName = "FILE", Description = "File to write, which must not be there yet; - is standard output.",
        DefaultValueFactory = _ => ConfigurationFile.DefaultName,
    };

    public MigrateCommand(CommonOptions common)
        : base(common, "migrate", "Make metrics.yaml of the files of Prometheus, Alertmanager and blackbox_exporter.")
    {
        Add(_files);
        Add(_to);
        Add(common.Output);
        Example("metricsd migrate /etc/prometheus/prometheus.yml /etc/prometheus/alertmanager.yml",
            "Writes metrics.yaml, and says line by line what is said in another way, left out, or to be looked at; exit code 1 if anything is.");
        Example("metricsd migrate prometheus.yml blackbox.yml --to -", "Prints it; jobs that asked blackbox_exporter are probes.");
    }

    protected override async Task<int> RunAsync(Invocation call, CancellationToken cancel)
    {
        List<MigrationFile> files = ReadAll(call.Value(_files));
        string to = call.Value(_to)!;
        bool prints = to == "-";
        if (!prints && Path.Exists(to))
            throw new CommandException(ExitCode.Misuse, $"{to} is there already; name another file with --to, or - to print");
        MigrationPlan plan = MigrationPlan.Of(files, prints ? ConfigurationFile.DefaultName : to);
        string text = $"# Made by metricsd migrate of {string.Join(", ", files.Select(f => PlainText.Line(f.Path)))}.\n{plan.Yaml}";
        if (prints && !call.WantsJson)
            await call.Output.WriteAsync(text);
        else if (!prints)
            await WriteAsync(to, text, cancel);
        Say(call, plan, prints ? null : to, text);
        return plan.Notes.Any(n => n.Outcome != MigrationOutcome.Changed) ? ExitCode.No : ExitCode.Ok;
    }

    private static List<MigrationFile> ReadAll(IEnumerable<string> paths)
    {
        var problems = new List<Problem>();
        List<MigrationFile> files = [.. paths.Select(p => MigrationFile.Read(p, problems)).OfType<MigrationFile>()];
        foreach (IGrouping<MigrationKind, MigrationFile> kind in files.GroupBy(f => f.Kind).Where(k => k.Count() > 1))
            problems.Add(new Problem(kind.Last().Path, 0, 0, $"is {kind.Key}'s, as {kind.First().Path} is; one of a kind can be migrated"));
        return problems.Count == 0 ? files : throw new ConfigurationException(problems);
    }

    /// <summary>Passwords may stand in it, so that not everybody shall read it.</summary>
    private static async Task WriteAsync(string file, string text, CancellationToken cancel)
    {
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;
            await using var writer = new StreamWriter(file, options);
            await writer.WriteAsync(text.AsMemory(), cancel);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCode.Misuse, $"{file} cannot be written: {e.Message}");
        }
    }

    private static void Say(Invocation call, MigrationPlan plan, string? file, string text)
    {
        if (call.WantsJson)
        {
            JsonOutput.Write(call.Output, new
            {
                file, yaml = file is null ? text : null, valid = plan.IsValid,
                notes = plan.Notes.Select(n => new { outcome = n.Outcome.ToString(), n.File, n.Line, n.Text }),
            });
            return;
        }
        // What is printed is the file alone.
        TextWriter to = file is null ? call.Error : call.Output;
        foreach ((MigrationOutcome outcome, string title) in s_parts)
        {
            List<MigrationNote> notes = [.. plan.Notes.Where(n => n.Outcome == outcome)];
            if (notes.Count > 0)
                to.WriteLine(title);
            notes.ForEach(n => to.WriteLine($"  {PlainText.Line(n.ToString())}"));
        }
        if (file is not null)
            to.WriteLine($"{file} is written: {Counts(plan)}{(plan.IsValid ? "" : "; it is not valid before that is mended")}.");
        to.WriteLine("Flags are in none of these files: --web.external-url is external_url here, --storage.tsdb.retention.time is");
        to.WriteLine("storage.retention. The shipped rules are off, so that who is told what stays as it was; rules.shipped turns them on.");
    }

    private static string Counts(MigrationPlan plan)
    {
        (int jobs, int probes) = (plan.Options.Targets.OfType<ScrapeJob>().Count(), plan.Options.Targets.OfType<ProbeJob>().Count());
        return string.Create(CultureInfo.InvariantCulture,
            $"{jobs} scrape jobs, {probes} probe jobs, {plan.Options.Notifications.Receivers.Count} receivers, ")
            + string.Create(CultureInfo.InvariantCulture, $"{plan.Rules.Sum(g => g.Rules.Count)} rules");
    }
}
