using System.CommandLine;
using System.CommandLine.Help;
using Metrics.Cli.Commands;
using Metrics.Configuration;
using Metrics.Hosting;

namespace Metrics.Cli;

/// <summary>All commands, in the order of help. A new one is its file in Cli/Commands and a line here.</summary>
internal static class CommandTable
{
    /// <summary>Name of the program.</summary>
    public const string Program = "metricsd";

    /// <summary>Builds it anew: the library's symbols know their parents.</summary>
    /// <param name="run">Runs the daemon.</param>
    public static RootCommand Create(Func<ConfigurationSource, Task<int>> run)
    {
        var common = new CommonOptions();
        var daemon = new RunCommand(common, run);
        var root = new RootCommand("metricsd watches a cloud from the metal up. Without a command it runs.")
        {
            daemon,
            new CheckCommand(common) { new CheckMetricsCommand(common) },
            new MigrateCommand(common),
            new QueryCommand(common),
            new EventsCommand(common),
            new CommandGroup("identity", "Log-ins at the Identity service: who fails, who logs in no more, whose password is weak.")
            {
                new IdentityFailuresCommand(common),
                new IdentityDormantCommand(common),
                new IdentityWeakCommand(common),
            },
            new ReportCommand(common),
            new InputsCommand(common),
            new CommandGroup("logs", "Logs: whether all of their lines are there, which kinds of lines there are.")
            {
                new LogsLedgerCommand(common),
                new LogsTemplatesCommand(common),
            },
            new CommandGroup("evidence", "Evidence: whether the event log was altered, and what of it is kept elsewhere.")
            {
                new EvidenceVerifyCommand(common),
                new EvidenceExportCommand(common),
                new EvidenceCheckCommand(common),
            },
            new ExplainCommand(common),
            new CommandGroup("silence", "Silences: who shall not be notified, of what, for how long.")
            {
                new SilenceAddCommand(common),
                new SilenceListCommand(common),
                new SilenceExpireCommand(common),
            },
            new AckCommand(common),
            new CommandGroup("routes", "Routes: who is notified of what.") { new RoutesTestCommand(common) },
            new CommandGroup("receivers", "Receivers: whether they take a message.") { new ReceiversTestCommand(common) },
            new CommandGroup("rules", "Rules: checked, tested, replayed.")
            {
                new RulesCheckCommand(common),
                new RulesTestCommand(common),
                new RulesReplayCommand(common),
            },
            new CommandGroup("sigma", "Sigma: rules written by others.") { new SigmaCheckCommand(common) },
            new ExportCommand(common),
            new BackupCommand(common),
            new CompletionCommand(common),
            new CompleteCommand(common),
            new VersionCommand(common),
        };
        root.Action = daemon.Action;
        root.Add(common.Config);
        Dress(root);
        return root;
    }

    /// <summary>Our help and version in the place of the library's, which know no examples and no product.</summary>
    private static void Dress(RootCommand root)
    {
        foreach (Option option in root.Options.Where(o => o is HelpOption or VersionOption).ToList())
            root.Options.Remove(option);
        root.Directives.Clear();
        root.Add(new HelpOption("--help", "-h") { Description = "Print this.", Action = new HelpText() });
        root.Add(new VersionOption("--version") { Description = "Print the version.", Action = new VersionAction() });
    }
}
