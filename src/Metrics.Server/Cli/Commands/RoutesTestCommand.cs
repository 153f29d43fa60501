using System.CommandLine;
using Metrics.Configuration;
using Metrics.Model;
using Metrics.Routing;

namespace Metrics.Cli.Commands;

/// <summary><c>metricsd routes test LABEL=VALUE…</c>: who would be notified of an alert with these labels, in which group.</summary>
internal sealed class RoutesTestCommand : CliCommand
{
    private readonly Argument<string[]> _labels = new("LABEL=VALUE")
    {
        Description = "Labels of an alert; without any, one that only has its receiver by the root route.",
        Arity = ArgumentArity.ZeroOrMore,
        DefaultValueFactory = _ => [],
    };

    public RoutesTestCommand(CommonOptions common)
        : base(common, "test", "Say who would be notified of an alert with these labels, by the configuration's routes.")
    {
        Add(_labels);
        Add(common.Config);
        Add(common.Output);
        Example("metricsd routes test team=db severity=critical", "Receivers, the group and the route of each.");
    }

    protected override Task<int> RunAsync(Invocation call, CancellationToken cancel)
    {
        Labels alert = Read(call.Value(_labels));
        List<Route> routes = [.. call.Source.Load().Notifications.Routing.Root.Match(alert)];
        if (call.WantsJson)
        {
            JsonOutput.Write(call.Output, routes.Where(r => !r.NotifiesNobody).Select(r => new
            {
                receiver = r.Receiver,
                group = r.GroupOf(alert).ToDictionary(l => l.Name, l => l.Value),
                route = r.Id,
            }));
            return Task.FromResult(ExitCode.Ok);
        }
        foreach (Route route in routes)
            call.Output.WriteLine(Describe(route, route.GroupOf(alert)));
        return Task.FromResult(ExitCode.Ok);
    }

    private static string Describe(Route route, Labels group) =>
        route.NotifiesNobody ? route.Describe(group) : $"{route.Receiver}  group {group}  by route {route.Id}";

    private static Labels Read(IEnumerable<string> words)
    {
        var labels = new List<Label>();
        foreach (string word in words)
        {
            int sign = word.IndexOf('=', StringComparison.Ordinal);
            if (sign <= 0)
                throw new CommandException(ExitCode.Misuse, $"'{word}' is no label; write NAME=VALUE");
            labels.Add(new Label(word[..sign], word[(sign + 1)..].Trim('"')));
        }
        return Labels.TryCreate([.. labels], out Labels? alert, out string? repeated)
            ? alert!
            : throw new CommandException(ExitCode.Misuse, $"the label '{repeated}' is given twice");
    }
}
