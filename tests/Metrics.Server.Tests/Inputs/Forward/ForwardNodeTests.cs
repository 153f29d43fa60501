using System.Net;
using Metrics.Formats.Forward;
using Metrics.Inputs.Forward;
using Microsoft.Extensions.Time.Testing;

namespace Metrics.Tests.Inputs.Forward;

/// <summary>One machine at a time sends by the name of a node.</summary>
public sealed class ForwardNodeTests
{
    private static readonly IPAddress s_here = IPAddress.Parse("10.0.0.1"), s_there = IPAddress.Parse("10.0.0.2");

    private readonly FakeTimeProvider _time = new();
    private readonly ForwardNode _node = new("n");

    [Fact]
    public void A_daemon_that_is_started_again_goes_on_at_once()
    {
        Enter("log", "first", s_here).Should().BeTrue();
        Enter("log", "second", s_here).Should().BeTrue();
        Enter("anew", "second", s_here).Should().BeTrue("its event log was damaged and begun anew while it ran");
    }

    [Theory]
    [InlineData("other", "10.0.0.2")]
    [InlineData("log", "10.0.0.2")]
    [InlineData("other", "10.0.0.1")]
    public void Another_machine_is_refused_while_the_first_is_heard_of_and_not_after(string log, string from)
    {
        Enter("log", "first", s_here).Should().BeTrue();
        Enter(log, "clone", IPAddress.Parse(from)).Should().BeFalse();
        _time.Advance(ForwardNode.Lease - TimeSpan.FromSeconds(1));
        Enter("log", "first", s_here).Should().BeTrue("a try of another one takes nothing from it");
        _time.Advance(ForwardNode.Lease - TimeSpan.FromSeconds(1));
        Enter(log, "clone", IPAddress.Parse(from)).Should().BeFalse();
        _time.Advance(TimeSpan.FromSeconds(2));
        Enter(log, "clone", IPAddress.Parse(from)).Should().BeTrue("the machine was replaced");
        Enter("log", "first", s_here).Should().BeFalse();
    }

    [Fact]
    public void Clones_with_one_data_folder_behind_one_address_are_told_apart_when_the_first_goes_on()
    {
        Enter("log", "first", s_there).Should().BeTrue();
        Enter("log", "clone", s_there).Should().BeTrue("this may be the same, started again");
        Enter("log", "first", s_there).Should().BeFalse();
    }

    [Fact]
    public void Few_logs_of_a_node_are_remembered_and_the_one_before_is_known()
    {
        _node.PlaceBefore("a").Should().BeNull();
        for (int log = 0; log < 4; log++)
            _node.Set($"log{log}", 10 + log);
        _node.PlaceBefore("new").Should().Be(13);
        _node.ForgottenFor("log1").Should().BeNull();
        _node.ForgottenFor("new").Should().Be("log0");
        _node.Set("new", 0);
        _node.PlaceIn("log0").Should().BeNull();
        (_node.PlaceIn("log1"), _node.PlaceIn("new"), _node.PlaceBefore("new")).Should().Be((11, 0, 13));
    }

    private bool Enter(string log, string session, IPAddress from) =>
        _node.Enter(new ForwardHeader("n", log, session), from, _time) is null;
}
