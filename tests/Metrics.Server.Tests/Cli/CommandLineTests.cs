using System.CommandLine;
using Metrics.Cli;
using Metrics.Cli.Commands;

namespace Metrics.Tests.Cli;

public sealed class CommandLineTests
{
    [Theory]
    [InlineData("", null)]
    [InlineData("run", null)]
    [InlineData("--config here.yaml", "here.yaml")]
    [InlineData("--config=here.yaml", "here.yaml")]
    [InlineData("run --config here.yaml", "here.yaml")]
    [InlineData("--config here.yaml run", "here.yaml")]
    public async Task The_daemon_runs_without_a_command_or_by_its_name(string words, string? file)
    {
        string? seen = "nothing ran";
        CliRun run = await CliRun.Of(Split(words), source =>
        {
            seen = source.File;
            return Task.FromResult(3);
        });
        seen.Should().Be(file);
        run.Should().Be(new CliRun(3, "", ""), "the daemon's own exit code is the program's");
    }

    [Theory]
    [InlineData("check --range 1h", "--range means nothing to 'metricsd check'; it is an option of 'metricsd query'")]
    [InlineData("--url http://a", "--url means nothing to 'metricsd'; it is an option of 'metricsd check', *, * and 17 more")]
    [InlineData("rules check --config f a.yaml", "--config means nothing to 'metricsd rules check'; it is an option of *")]
    [InlineData("--config f rules check a.yaml", "--config means nothing to 'metricsd rules check'; it is an option of *")]
    [InlineData("version --output json", "--output means nothing to 'metricsd version'; it is an option of *")]
    [InlineData("silence list --comment x",
        "--comment means nothing to 'metricsd silence list'; it is an option of 'metricsd silence add', 'metricsd ack'")]
    [InlineData("--range 1h query up", "--range must stand behind 'metricsd query'")]
    [InlineData("query up --confg f", "--confg is not an option of 'metricsd query'; did you mean --config?")]
    [InlineData("query up --confg=f", "--confg is not an option of 'metricsd query'; did you mean --config?")]
    [InlineData("rules check --qwertz", "--qwertz is not an option of 'metricsd rules check'")]
    [InlineData("routes test --qwertz a=b", "--qwertz is not an option of 'metricsd routes test'")]
    [InlineData("chekc", "'chekc' is not a command; did you mean 'check'?")]
    [InlineData("metricsd", "'metricsd' is not a command")]
    [InlineData("metricsd version", "'metricsd version' takes no argument such as 'metricsd'")]
    [InlineData("silence lst", "'lst' is not a command of 'metricsd silence'; did you mean 'list'?")]
    [InlineData("help lst", "'lst' is not a command")]
    [InlineData("silence", "'metricsd silence' needs a command: add, list, expire")]
    [InlineData("query", "'metricsd query' needs EXPR")]
    [InlineData("query a + b", "'+' is one argument too many for 'metricsd query EXPR'; quote one that has spaces")]
    [InlineData("rules check", "'metricsd rules check' needs FILE...")]
    [InlineData("run fast", "'metricsd run' takes no argument such as 'fast'")]
    [InlineData("silence add HostDown", "'metricsd silence add' needs --comment TEXT")]
    [InlineData("export", "'metricsd export' needs --output FILE")]
    [InlineData("export --output a.txt", "--output is 'a.txt'; it must end in .parquet or .csv, or have no ending, which is Parquet")]
    [InlineData("export --output a.csv.gz", "--output is 'a.csv.gz'; it must end in .parquet or .csv, *")]
    [InlineData("export --output a.csv --from yesterday", "'yesterday' is not a time; *")]
    [InlineData("export --output a.csv --metric cpu_(", "the metric is 'cpu_('; it must be a name or a regular expression (RE2) *")]
    [InlineData("query up --range", "--range needs a value: --range DURATION")]
    [InlineData("query up --range 1h --range 2h", "--range is given twice")]
    [InlineData("query up --range soon", "--range is 'soon'; it must be a duration such as 15m or 2h")]
    [InlineData("query up --range 0s", "--range is '0s'; it must be a duration such as 15m or 2h")]
    [InlineData("query up --step 5s", "--step means something only with --range")]
    [InlineData("query up --at soon",
        "--at is 'soon'; it must be 5m for five minutes ago, a time such as 2026-01-31T12:00:00Z, or seconds since 1970")]
    [InlineData("query up --output xml", "--output is 'xml'; it must be text, json or csv")]
    [InlineData("query up --output csv --exact", "--exact means something only for text: JSON and CSV have numbers as they are")]
    [InlineData("explain A --output csv", "--output is 'csv'; it must be text or json")]
    [InlineData("query up --url ftp://a", "--url is 'ftp://a'; it must be an address such as http://127.0.0.1:9890")]
    [InlineData("query up --token-file /nowhere/token", "--token-file /nowhere/token cannot be read: *")]
    [InlineData("silence add =x --comment x", "*=x*")]
    [InlineData("rules replay --from never", "'never' is not a time; *")]
    [InlineData("check metrics /nowhere/page", "/nowhere/page cannot be read: *")]
    [InlineData("routes test team", "'team' is no label; write NAME=VALUE")]
    [InlineData("receivers test", "'metricsd receivers test' needs NAME [LABEL=VALUE...]")]
    [InlineData("receivers test ops team", "'team' is no label; write NAME=VALUE")]
    [InlineData("ack", "'metricsd ack' needs ALERT")]
    [InlineData("routes test a=1 a=2", "the label 'a' is given twice")]
    [InlineData("completion csh", "'csh' is no shell that is known; it must be bash, zsh, fish")]
    public async Task Wrong_use_is_said_in_one_sentence(string words, string problem)
    {
        CliRun run = await CliRun.Of(Split(words), _ => throw new InvalidOperationException("the daemon must not run"));
        run.Code.Should().Be(2);
        run.Output.Should().BeEmpty();
        run.Error.Split('\n')[0].Should().Match($"metricsd: {problem}");
    }

    [Fact]
    public async Task Wrong_use_points_at_the_help_of_the_command() =>
        (await CliRun.Of("silence", "lst")).Error.Should().EndWith("Try 'metricsd silence --help'.\n");

    [Fact]
    public async Task A_value_may_look_like_an_option_and_a_word_behind_two_dashes_too()
    {
        // Nothing listens on port 9 of loopback: whoever gets so far has understood the words.
        (await CliRun.Of("silence", "add", "A", "--comment", "--urgent", "--url", "127.0.0.1:9")).Code.Should().Be(ExitCode.Unreachable);
        (await CliRun.Of("query", "-up", "--url", "127.0.0.1:9")).Code.Should().Be(ExitCode.Unreachable);
        (await CliRun.Of("rules", "check", "--", "--nowhere.yaml")).Error.Should().StartWith("--nowhere.yaml: cannot be read");
    }

    [Theory]
    [InlineData("version")]
    [InlineData("--version")]
    public async Task The_version_is_printed(string word) =>
        (await CliRun.Of(word)).Output.Should().MatchRegex(@"^metricsd \d+\.\d+\.\d+ \(\.NET ");

    [Theory]
    [InlineData("--help")]
    [InlineData("-h")]
    [InlineData("help")]
    public async Task Help_has_every_command_in_a_line(string word)
    {
        CliRun run = await CliRun.Of(word);
        run.Code.Should().Be(0);
        string[] lines = run.Output.Split('\n');
        foreach (CliCommand command in Commands())
            lines.Should()
                .ContainSingle(l => l.StartsWith($"  {CommandPath.UsageOf(command)}  ") && l.EndsWith($"  {command.Description}"));
        run.Output.Should().Contain("Exit codes:").And.NotContain("metricsd complete ");
    }

    [Fact]
    public async Task Help_of_each_command_has_its_description_its_options_examples_and_the_exit_codes()
    {
        foreach (CliCommand command in Commands())
        {
            string[] path = CommandPath.Of(command).Split(' ')[1..];
            string help = (await CliRun.Of([.. path, "--help"])).Output;
            help.Should().Be((await CliRun.Of(["help", .. path])).Output);
            help.Should().Contain(command.Description!.Split(' ')[0]).And.Contain("Exit codes:\n  0  all well\n");
            command.Options.Select(o => o.Name).Where(o => !help.Contains($"  {o} ", StringComparison.Ordinal)).Should().BeEmpty();
            command.Options.Concat<Symbol>(command.Arguments).Where(s => string.IsNullOrEmpty(s.Description)).Should().BeEmpty();
            command.Examples.Should().NotBeEmpty(command.Name);
            command.Examples.Should().OnlyContain(e => help.Contains(e.Line));
            command.Examples.Should().Contain(e => e.Line.Contains(CommandPath.Of(command)));
        }
    }

    [Fact]
    public void Every_command_that_asks_the_daemon_lets_one_name_it()
    {
        List<DaemonCommand> asking = [.. Commands().OfType<DaemonCommand>()];
        asking.Should().HaveCountGreaterThan(5);
        string[] options = ["--url", "--token-file", "--timeout", "--config"];
        asking.Should().OnlyContain(c => options.All(n => c.Options.Any(o => o.Name == n)));
    }

    [Fact]
    public void Every_command_of_the_folder_is_in_the_table() =>
        Commands().Select(c => c.GetType()).Append(typeof(CompleteCommand)).Should()
            .BeEquivalentTo(typeof(CliCommand).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(CliCommand)) && !t.IsAbstract));

    internal static IEnumerable<CliCommand> Commands() => CommandPath.CommandsBelow(CommandTable.Create(_ => Task.FromResult(0)));

    private static string[] Split(string words) => words.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
