using Metrics.Pollers;
using Metrics.Pollers.OpenStack;
using Metrics.Pollers.OpenStack.Cinder;
using Metrics.Pollers.OpenStack.Keystone;
using Metrics.Pollers.OpenStack.Neutron;
using Metrics.Pollers.OpenStack.Orphans;

namespace Metrics.Tests.Pollers.OpenStack;

/// <summary>What is left behind is found; whatever is not certain is not called an orphan.</summary>
public sealed class OrphansPollerTests : IDisposable
{
    private readonly StubCloud _stub = new();
    private readonly WatchedCloud _cloud;
    private readonly ProjectsPoller _projects;
    private readonly VolumesPoller _volumes;
    private readonly OrphansPoller _orphans;

    public OrphansPollerTests()
    {
        _cloud = _stub.Connect();
        (_projects, _volumes, _orphans) = (new ProjectsPoller(_cloud), new VolumesPoller(_cloud), new OrphansPoller(_cloud));
        SetProjects("own", "shop", "other");
        SetVolumes(("v1", "shop"), ("v2", "other"), ("v3", "own"));
    }

    [Fact]
    public async Task A_volume_of_a_deleted_project_is_found_with_its_size_and_told_again_when_it_is_gone()
    {
        await RoundAsync();
        SetProjects("own", "other");
        (await RoundAsync()).Should()
            .NotContain(s => s.Contains("v1", StringComparison.Ordinal), "the volume has not been seen after the project was missing");
        string[] found = await RoundAsync();
        found.Should().Contain("openstack_orphans{kind=\"volume\"} 1");
        found.Should()
            .Contain(
            s => s.StartsWith("openstack_orphan_disk_bytes{id=\"v1\", kind=\"volume\", name=\"name-v1\", project_id=\"shop\", "
                + "reason=\"project_gone\"} 10737418240", StringComparison.Ordinal));
        _stub.Requests.Count(r => r == "GET /identity/v3/projects/shop").Should().Be(1, "a 404 needs no second question");
        SetVolumes(("v2", "other"), ("v3", "own"));
        (await RoundAsync()).Should().Contain("openstack_orphans{kind=\"volume\"} 0");
    }

    [Fact]
    public async Task What_was_made_after_the_projects_were_listed_is_no_orphan()
    {
        await RoundAsync();
        SetVolumes(("v1", "shop"), ("v9", "brand-new"));
        await StubCloud.PollAsync(_volumes);
        (await StubCloud.PollAsync(_orphans)).Should()
            .Contain("openstack_orphans{kind=\"volume\"} 0").And.Contain("openstack_orphans_unknown{kind=\"volume\"} 0");
        SetProjects("own", "shop", "other", "brand-new");
        for (int i = 0; i < 3; i++)
            (await RoundAsync()).Should().Contain("openstack_orphans{kind=\"volume\"} 0");
        _stub.Requests.Should().NotContain(r => r.Contains("/projects/", StringComparison.Ordinal), "nobody had to be asked");
    }

    [Theory]
    [InlineData(403, "unknown")]
    [InlineData(500, "unknown")]
    [InlineData(200, "there")]
    public async Task A_project_that_the_list_hides_makes_no_orphan(int status, string expected)
    {
        await RoundAsync();
        SetProjects("own", "other");
        if (status == 200)
            _stub.Answers["/identity/v3/projects/shop"] = "{\"project\":{\"id\":\"shop\"}}";
        else
            _stub.Failures["/identity/v3/projects/shop"] = status;
        await RoundAsync();
        string[] samples = await RoundAsync();
        samples.Should()
            .Contain("openstack_orphans{kind=\"volume\"} 0").And.Contain($"openstack_orphans_unknown{{kind=\"volume\"}} "
                + $"{(expected == "unknown" ? 1 : 0)}");
    }

    [Theory]
    [InlineData("", "empty_list")]
    [InlineData("other", "own_project_missing")]
    [InlineData("own", "much_shorter_list")]
    public async Task A_list_that_cannot_be_right_marks_nothing(string left, string reason)
    {
        await RoundAsync();
        SetProjects([.. left.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
        for (int i = 0; i < 4; i++)
            (await RoundAsync()).Should().Equal($"openstack_orphan_check_doubtful{{reason=\"{reason}\"}} 1");
    }

    [Fact]
    public async Task A_shorter_list_is_believed_when_it_stays_as_it_is()
    {
        await RoundAsync();
        SetProjects("own");
        for (int i = 0; i < 70; i++)
            await RoundAsync();
        (await RoundAsync()).Should().Contain("openstack_orphans{kind=\"volume\"} 2");
    }

    [Fact]
    public async Task A_list_that_fails_or_ages_marks_nothing()
    {
        await RoundAsync();
        SetProjects("own", "other");
        await RoundAsync();
        (await RoundAsync()).Should().Contain("openstack_orphans{kind=\"volume\"} 1");
        _stub.Failures["/identity/v3/projects"] = 500;
        _stub.Time.Advance(TimeSpan.FromMinutes(10));
        (await StubCloud.PollAsync(_orphans)).Should().Equal("openstack_orphan_check_doubtful{reason=\"old_list\"} 1");
    }

    [Fact]
    public async Task A_port_whose_server_is_gone_is_an_orphan_and_one_of_a_new_server_is_not()
    {
        _stub.Answers["/network/v2.0/ports"] =
            """{"ports":[{"id":"p1","tenant_id":"own","device_owner":"compute:nova","device_id":"s1"},{"id":"p2","tenant_id":"own","device_owner":"network:dhcp","device_id":"s9"}]}""";
        _stub.Answers["/compute/v2.1/servers/detail"] = """{"servers":[{"id":"s1","tenant_id":"own","status":"ACTIVE"}]}""";
        _stub.Answers["/compute/v2.1/flavors/detail"] = """{"flavors":[{"id":"1","name":"tiny"}]}""";
        _stub.Answers["/compute/v2.1/"] = """{"version":{"version":"2.93"}}""";
        var ports = new PortsPoller(_cloud);
        var servers = new Metrics.Pollers.OpenStack.Nova.ServersPoller(_cloud);
        async Task<string[]> AllAsync()
        {
            await StubCloud.PollAsync(ports);
            _stub.Time.Advance(TimeSpan.FromSeconds(1));
            await StubCloud.PollAsync(servers);
            return await RoundAsync();
        }
        await AllAsync();
        (await AllAsync()).Should().Contain("openstack_orphans{kind=\"port\"} 0");
        _stub.Answers["/compute/v2.1/servers/detail"] = """{"servers":[{"id":"s1","status":"DELETED"}]}""";
        await AllAsync();
        string[] found = await AllAsync();
        found.Should()
            .Contain("openstack_orphans{kind=\"port\"} 1").And.Contain(
            s => s.Contains("id=\"p1\"", StringComparison.Ordinal) && s.Contains("reason=\"server_gone\"", StringComparison.Ordinal));
        _stub.Requests.Should()
            .Contain(
            r => r.Contains("changes-since=2026-03-10T", StringComparison.Ordinal), "after the first list only changes are asked for");
    }

    [Fact]
    public async Task With_the_word_of_a_notification_one_round_of_lists_is_enough()
    {
        await RoundAsync();
        SetProjects("own", "other");
        // One that was made after the last list, and one that went just before its owner.
        SetVolumes(("v2", "other"), ("v3", "own"), ("v4", "shop"));
        _orphans.NoteDeleted(OwnerKind.Project, "shop");
        string[] found = await LookAsync();
        found.Should().Contain("openstack_orphans{kind=\"volume\"} 1")
            .And.Contain("openstack_orphan_owner_resources{id=\"shop\", owner=\"project\"} 1")
            .And.Contain("openstack_orphan_owner_info{id=\"shop\", name=\"shop\", owner=\"project\"} 1");
        found.Should().Contain(s => s.StartsWith("openstack_orphan_disk_bytes{id=\"v4\"", StringComparison.Ordinal));
        SetVolumes(("v2", "other"), ("v3", "own"));
        (await LookAsync()).Should().Contain("openstack_orphan_owner_resources{id=\"shop\", owner=\"project\"} 0", "its end is seen");
        _stub.Time.Advance(TimeSpan.FromDays(2));
        (await LookAsync()).Should().NotContain(s => s.Contains("owner=", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_notification_of_somebody_who_is_there_or_hidden_makes_no_orphan()
    {
        await RoundAsync();
        _orphans.NoteDeleted(OwnerKind.Project, "shop");
        (await LookAsync()).Should().Contain("openstack_orphans{kind=\"volume\"} 0");
        SetProjects("own", "other");
        _stub.Answers["/identity/v3/projects/shop"] = "{\"project\":{\"id\":\"shop\"}}";
        _orphans.NoteDeleted(OwnerKind.Project, "shop");
        SetVolumes(("v1", "shop"), ("v5", "shop"), ("v6", "shop"));
        (await LookAsync()).Should().Contain("openstack_orphans{kind=\"volume\"} 0");
        _stub.Requests.Count(r => r == "GET /identity/v3/projects/shop").Should().Be(1, "once for all that it owns");
    }

    [Fact]
    public async Task Notifications_of_projects_that_never_were_make_no_short_list_credible()
    {
        await RoundAsync();
        SetProjects("own");
        for (int n = 0; n < 10; n++)
            _orphans.NoteDeleted(OwnerKind.Project, $"made-up-{n}");
        (await LookAsync()).Should().Equal("openstack_orphan_check_doubtful{reason=\"much_shorter_list\"} 1");
    }

    [Fact]
    public async Task A_list_that_is_older_than_the_notification_says_nothing()
    {
        SetProjects("own", "other");
        await RoundAsync();
        _orphans.NoteDeleted(OwnerKind.Project, "shop");
        (await StubCloud.PollAsync(_orphans)).Should().Contain("openstack_orphans{kind=\"volume\"} 0");
        _stub.Requests.Should().NotContain(r => r.Contains("/projects/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_domain_takes_its_projects_along_and_many_of_them_are_no_doubt()
    {
        string[] shops = [.. Enumerable.Range(0, 60).Select(n => $"shop-{n}")];
        SetProjects(["own", .. shops]);
        SetVolumes([("v3", "own"), .. shops.Select(s => ($"v-{s}", s))]);
        await RoundAsync();
        SetProjects("own");
        _orphans.NoteDeleted(OwnerKind.Domain, "default");
        (await LookAsync()).Should().Contain("openstack_orphan_check_doubtful 0").And.Contain("openstack_orphans{kind=\"volume\"} 60")
            .And.Contain("openstack_orphans_unknown{kind=\"volume\"} 0", "however many questions that takes");
        SetProjects("own");
        (await RoundAsync()).Should().Contain("openstack_orphans{kind=\"volume\"} 60", "and stays so");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_domain_takes_its_projects_along_though_they_are_out_of_the_list_already(bool isJudged)
    {
        string[] shops = [.. Enumerable.Range(0, 60).Select(n => $"shop-{n}")];
        SetProjects(["own", .. shops]);
        SetVolumes([("v3", "own"), .. shops.Select(s => ($"v-{s}", s))]);
        await RoundAsync();
        SetProjects("own");
        await StubCloud.PollAsync(_projects);
        if (isJudged)
        {
            (await StubCloud.PollAsync(_orphans)).Should()
                .Equal(["openstack_orphan_check_doubtful{reason=\"much_shorter_list\"} 1"], "nobody has said so yet");
        }
        _orphans.NoteDeleted(OwnerKind.Domain, "default");
        (await LookAsync()).Should().Contain("openstack_orphan_check_doubtful 0").And.Contain("openstack_orphans{kind=\"volume\"} 60")
            .And.Contain("openstack_orphan_owner_info{id=\"shop-7\", name=\"shop-7\", owner=\"project\"} 1");
    }

    [Fact]
    public async Task One_deletion_makes_no_list_credible_that_is_cut_by_half_twice()
    {
        string[] shops = [.. Enumerable.Range(0, 100).Select(n => $"shop-{n}")];
        SetProjects(["own", .. shops]);
        await RoundAsync();
        SetProjects(["own", .. shops.Skip(1)]);
        _orphans.NoteDeleted(OwnerKind.Project, "shop-0");
        (await LookAsync()).Should().Contain("openstack_orphan_check_doubtful 0");
        SetProjects(["own", .. shops.Skip(49)]);
        (await LookAsync()).Should().Contain("openstack_orphan_check_doubtful 0");
        SetProjects(["own", .. shops.Skip(74)]);
        (await LookAsync()).Should().Equal("openstack_orphan_check_doubtful{reason=\"much_shorter_list\"} 1");
    }

    [Fact]
    public async Task Deletions_that_were_told_excuse_their_own_absence_once()
    {
        string[] shops = [.. Enumerable.Range(0, 500).Select(n => $"shop-{n}")];
        SetProjects(["own", .. shops]);
        await RoundAsync();
        SetProjects(["own", .. shops.Skip(60)]);
        for (int n = 0; n < 60; n++)
            _orphans.NoteDeleted(OwnerKind.Project, $"shop-{n}");
        (await LookAsync()).Should().Contain("openstack_orphan_check_doubtful 0");
        // Said again, as a queue may do.
        for (int n = 0; n < 60; n++)
            _orphans.NoteDeleted(OwnerKind.Project, $"shop-{n}");
        SetProjects(["own", .. shops.Skip(330)]);
        for (int look = 0; look < 3; look++)
            (await LookAsync()).Should().Equal("openstack_orphan_check_doubtful{reason=\"much_shorter_list\"} 1");
    }

    [Fact]
    public async Task A_flood_of_notifications_of_projects_that_never_were_keeps_no_true_one_out()
    {
        await RoundAsync();
        for (int n = 0; n < 10_000; n++)
            _orphans.NoteDeleted(OwnerKind.Project, $"made-up-{n}");
        SetProjects("own", "other");
        SetVolumes(("v3", "own"), ("v4", "shop"), ("v5", "brand-new"));
        _orphans.NoteDeleted(OwnerKind.Project, "shop");
        // It was made and deleted between two lists.
        _orphans.NoteDeleted(OwnerKind.Project, "brand-new");
        (await LookAsync()).Should().Contain("openstack_orphan_owner_resources{id=\"shop\", owner=\"project\"} 1")
            .And.Contain("openstack_orphan_owner_resources{id=\"brand-new\", owner=\"project\"} 1");
    }

    public void Dispose()
    {
        _cloud.Dispose();
        _stub.Dispose();
    }

    /// <summary>Volumes, then projects, then the judgement; a minute passes.</summary>
    private async Task<string[]> RoundAsync()
    {
        await StubCloud.PollAsync(_volumes);
        _stub.Time.Advance(TimeSpan.FromSeconds(1));
        await StubCloud.PollAsync(_projects);
        _stub.Time.Advance(TimeSpan.FromSeconds(1));
        string[] samples = await StubCloud.PollAsync(_orphans, new TargetSeries([]));
        _stub.Time.Advance(TimeSpan.FromSeconds(58));
        return samples;
    }

    /// <summary>As after a notification: projects, then volumes, then the judgement.</summary>
    private async Task<string[]> LookAsync()
    {
        _stub.Time.Advance(TimeSpan.FromSeconds(1));
        await StubCloud.PollAsync(_projects);
        await StubCloud.PollAsync(_volumes);
        return await StubCloud.PollAsync(_orphans);
    }

    private void SetProjects(params string[] ids) =>
        _stub.Answers["/identity/v3/projects"] =
            $"{{\"projects\":[{string.Join(',', ids.Select(i => $"{{\"id\":\"{i}\",\"name\":\"{i}\",\"enabled\":true,\"domain_id\":\"default\"}}"))}],\"links\":{{}}}}";

    private void SetVolumes(params (string Id, string Project)[] volumes) => _stub.Answers["/volume/v3/volumes/detail"] =
        $"{{\"volumes\":[{string.Join(',', volumes.Select(v => $"{{\"id\":\"{v.Id}\",\"name\":\"name-{v.Id}\",\"size\":10,\"status\":\"available\",\"os-vol-tenant-attr:tenant_id\":\"{v.Project}\",\"attachments\":[]}}"))}]}}";
}
