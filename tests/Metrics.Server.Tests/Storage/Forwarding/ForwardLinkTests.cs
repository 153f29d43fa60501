using Metrics.Storage.Forwarding;

namespace Metrics.Tests.Storage.Forwarding;

/// <summary>Circles of daemons that forward: each asks the next one, in whatever order.</summary>
public sealed class ForwardLinkTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    public void Of_a_circle_the_one_with_the_smallest_session_breaks_it_whoever_asks_first(int count)
    {
        var random = new Random(count);
        for (int time = 0; time < 20; time++)
        {
            ForwardLink[] links = [.. Enumerable.Range(0, count).Select(_ => new ForwardLink())];
            AskOften(links, random);
            links.Where(l => l.Closed is not null).Should().Equal(links.MinBy(l => l.Session, StringComparer.Ordinal)!);
        }
    }

    [Fact]
    public void One_that_breaks_a_circle_goes_on_doing_so_when_another_is_started_again_with_a_smaller_session()
    {
        ForwardLink[] links = [new() { Session = "2" }, new() { Session = "4" }, new() { Session = "3" }];
        AskOften(links, new Random(1));
        links[1] = new ForwardLink { Session = "1" };
        AskOften(links, new Random(2));
        links.Where(l => l.Closed is not null).Should().Equal(links[0]);
    }

    [Fact]
    public void A_circle_that_is_no_longer_one_is_broken_by_nobody()
    {
        ForwardLink[] links = [new(), new()];
        AskOften(links, new Random(1));
        ForwardLink breaking = links.Single(l => l.Closed is not null), other = links.Single(l => l.Closed is null);
        Ask(breaking, new ForwardLink { Session = other.Session });
        breaking.Closed.Should().BeNull();
    }

    private static void AskOften(ForwardLink[] links, Random random)
    {
        for (int n = 0; n < 40 * links.Length; n++)
        {
            int one = random.Next(links.Length);
            Ask(links[one], links[(one + 1) % links.Length]);
        }
    }

    private static void Ask(ForwardLink link, ForwardLink centre)
    {
        if (link.IsBreaking(centre.Chain))
            link.Fail("a circle", isClosed: true);
        else
            link.Succeed(centre.Chain, isTaken: true);
    }
}
