using Metrics.Pollers.OpenStack;
using Metrics.Pollers.OpenStack.Orphans;
using Microsoft.Extensions.Time.Testing;

namespace Metrics.Tests.Pollers.OpenStack;

/// <summary>Who was deleted is remembered for a day, and of a flood those that came last.</summary>
public sealed class GoneOwnersTests
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 3, 10, 12, 0, 0, TimeSpan.Zero));
    private readonly CloudInventory _inventory = new();
    private readonly GoneOwners _gone;

    public GoneOwnersTests() => _gone = new GoneOwners(_time);

    [Fact]
    public void Of_a_flood_the_newest_are_known_and_each_that_is_forgotten_is_counted()
    {
        SetProjects("shop");
        _gone.Note(OwnerKind.Project, "shop", _inventory).Should().Be(0);
        int forgotten = 0;
        for (int n = 0; n < GoneOwners.MaxOwners + 7; n++)
            forgotten += _gone.Note(OwnerKind.User, $"made-up-{n}", _inventory);
        forgotten.Should().Be(7);
        _gone.ToldAt(OwnerKind.Project, "shop").Should().NotBeNull("it was in a list");
        _gone.ToldAt(OwnerKind.User, "made-up-6").Should().BeNull();
        _gone.ToldAt(OwnerKind.User, "made-up-7").Should().NotBeNull();
        _gone.Note(OwnerKind.User, "made-up-7", _inventory).Should().Be(0, "it is known already");
    }

    [Fact]
    public void Who_has_left_nothing_behind_is_forgotten_after_a_day_and_who_has_is_not()
    {
        SetProjects("shop", "left");
        foreach (string id in new[] { "shop", "left", "made-up" })
            _gone.Note(OwnerKind.Project, id, _inventory);
        SetProjects();
        _time.Advance(TimeSpan.FromHours(23));
        _gone.Follow(_inventory, (_, id) => id == "left");
        _gone.ToldAt(OwnerKind.Project, "made-up").Should().NotBeNull();
        _time.Advance(TimeSpan.FromHours(2));
        _gone.Follow(_inventory, (_, id) => id == "left");
        new[] { "shop", "left", "made-up" }.Where(id => _gone.ToldAt(OwnerKind.Project, id) is not null).Should().Equal("left");
        _gone.NameOf(OwnerKind.Project, "left").Should().Be("left");
    }

    [Fact]
    public void A_missing_project_counts_once_until_a_list_has_it_again()
    {
        SetProjects("shop", "other");
        _gone.Note(OwnerKind.Project, "shop", _inventory);
        _gone.TakeMissing(_inventory.Projects).Should().Be(0, "it is there");
        SetProjects("other");
        _gone.TakeMissing(_inventory.Projects).Should().Be(1);
        _gone.Note(OwnerKind.Project, "shop", _inventory);
        SetProjects("other");
        _gone.TakeMissing(_inventory.Projects).Should().Be(0);
        SetProjects("shop", "other");
        _gone.TakeMissing(_inventory.Projects).Should().Be(0);
        SetProjects("other");
        _gone.TakeMissing(_inventory.Projects).Should().Be(1);
    }

    private void SetProjects(params string[] ids)
    {
        _time.Advance(TimeSpan.FromSeconds(1));
        DateTimeOffset now = _time.GetUtcNow();
        _inventory.Projects = new Listing<Owner>(now, now, ids.ToDictionary(id => id, id => new Owner(id, id, "default", true)));
    }
}
