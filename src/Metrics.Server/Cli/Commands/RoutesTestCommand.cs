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
        Labels alert = LabelWords.Read(call.Value(_labels));
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
}
