using System.CommandLine;

namespace Metrics.Cli;

/// <summary>An example of use for help and docs.</summary>
/// <param name="Line">What to type.</param>
/// <param name="Does">What it does, in a few words.</param>
internal readonly record struct CommandExample(string Line, string Does);

/// <summary>
/// A command of <c>metricsd</c>: its name, one line of description, examples, the options and arguments that mean something to it, and what
/// it does. One file a command in Cli/Commands, one line in <see cref="CommandTable"/>; help, completion, docs/cli.md and the errors of
/// wrong use follow from it.
/// </summary>
internal abstract class CliCommand : Command
{
    private readonly List<CommandExample> _examples = [];

    /// <param name="common">Options that commands share; the command adds those that it has.</param>
    /// <param name="name">The word for it.</param>
    /// <param name="description">One line, a sentence.</param>
    protected CliCommand(CommonOptions common, string name, string description) : base(name, description)
    {
        Common = common;
        SetAction((parse, cancel) => RunAsync(new Invocation(parse, common), cancel));
    }

    /// <summary>Examples in the order of help.</summary>
    public IReadOnlyList<CommandExample> Examples => _examples;

    /// <summary>The options that commands share.</summary>
    protected CommonOptions Common { get; }

    protected void Example(string line, string does) => _examples.Add(new CommandExample(line, does));

    /// <summary>Does it.</summary>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    /// <exception cref="CommandException">It cannot; the message is for the user.</exception>
    /// <exception cref="Configuration.ConfigurationException">The configuration is wrong.</exception>
    /// <exception cref="Storage.StoreException">The store cannot be read.</exception>
    protected abstract Task<int> RunAsync(Invocation call, CancellationToken cancel);
}
