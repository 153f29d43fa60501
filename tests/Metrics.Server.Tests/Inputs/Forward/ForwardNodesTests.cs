using Metrics.Formats.Forward;
using Metrics.Inputs.Forward;
using Metrics.Inputs.Push;
using Metrics.Tests.Access;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Metrics.Tests.Inputs.Forward;

/// <summary>How many nodes a centre knows, and for how long.</summary>
public sealed class ForwardNodesTests
{
    private readonly FakeTimeProvider _time = new(TimeProvider.System.GetUtcNow());

    [Fact]
    public async Task Names_beyond_the_bound_are_refused_until_others_were_not_heard_of_for_a_month()
    {
        await using RunningDaemon daemon = await RunningDaemon.StartAsync("");
        ForwardNodes nodes = Nodes(daemon);
        for (int n = 0; n < ForwardNodes.MaxNodes; n++)
            (await EnterAsync(nodes, $"n{n}")).Should().BeNull();
        await nodes.SaveAsync(default);
        (await EnterAsync(nodes, "more")).Should().Be("there are 4096 nodes; more are not taken");
        (await EnterAsync(Nodes(daemon), "more")).Should().NotBeNull("they are known over a restart");
        _time.Advance(TimeSpan.FromDays(29));
        (await EnterAsync(nodes, "n1")).Should().BeNull();
        (await EnterAsync(nodes, "more")).Should().NotBeNull();
        _time.Advance(TimeSpan.FromDays(2));
        (await EnterAsync(nodes, "more")).Should().BeNull("others make room");
        await nodes.SaveAsync(default);
        ForwardNodes again = Nodes(daemon);
        for (int n = 0; n < ForwardNodes.MaxNodes - 2; n++)
            (await EnterAsync(again, $"m{n}")).Should().BeNull();
        (await EnterAsync(again, "one-more")).Should().NotBeNull("n1 and more are kept");
    }

    [Fact]
    public async Task One_that_sends_to_itself_is_no_second_machine_of_its_name()
    {
        await using RunningDaemon daemon = await RunningDaemon.StartAsync("");
        string own = await Metrics.Storage.Forwarding.EventLogName.GetAsync(
            daemon.Services.GetRequiredService<Metrics.Storage.Events.EventLog>(), default);
        (_, PushRefusal refusal) = await Nodes(daemon).EnterAsync(new ForwardHeader("self", own, "run"), null, default);
        refusal.Error.Should().StartWith("this is the very metricsd that sends");
        (await daemon.OwnAsync("metricsd_forward_node_conflicts_total", "self", "")).Should().Be(0);
    }

    private ForwardNodes Nodes(RunningDaemon daemon) => ActivatorUtilities.CreateInstance<ForwardNodes>(daemon.Services, _time);

    private static async Task<string?> EnterAsync(ForwardNodes nodes, string name)
    {
        (ForwardNode? node, PushRefusal refusal) = await nodes.EnterAsync(new ForwardHeader(name, "log", "run"), null, default);
        return node is null ? refusal.Error : null;
    }
}
