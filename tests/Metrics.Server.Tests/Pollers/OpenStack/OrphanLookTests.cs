using System.Collections.Concurrent;
using Metrics.Configuration;
using Metrics.Hosting;
using Metrics.Intake;
using Metrics.Intake.Marks;
using Metrics.Intake.Templates;
using Metrics.Model;
using Metrics.Pollers;
using Metrics.Pollers.OpenStack;
using Metrics.Pollers.OpenStack.Orphans;
using Metrics.Scheduling;
using Metrics.Series;
using Metrics.Storage.Events;
using Metrics.Telemetry;
using Microsoft.Extensions.Logging.Abstractions;

namespace Metrics.Tests.Pollers.OpenStack;

/// <summary>A deletion that a notification tells of is looked up out of turn, in the right order, in the right cloud.</summary>
public sealed class OrphanLookTests : IDisposable
{
    private readonly StubCloud _stub = new();
    private readonly WatchedCloud _cloud;
    private readonly TargetCatalog _catalog;
    private readonly IntakePipeline _intake;
    private readonly PollScheduler _scheduler;
    private readonly CloudMetrics _looks = new(new MetricRegistry());
    private string[] _parts = ["identity/projects", "identity/users", "cinder/volumes", "nova/flavors", "orphans"];

    public OrphanLookTests()
    {
        _cloud = _stub.Connect();
        _stub.Answers["/identity/v3/projects"] = """{"projects":[{"id":"own","name":"own","enabled":true}],"links":{}}""";
        _stub.Answers["/identity/v3/users"] = """{"users":[{"id":"u1","name":"ann"}],"links":{}}""";
        _stub.Answers["/volume/v3/volumes/detail"] = """
            {"volumes":[{"id":"v1","name":"data","size":10,"status":"available","os-vol-tenant-attr:tenant_id":"shop","attachments":[]}]}
            """;
        var registry = new MetricRegistry();
        _catalog = new TargetCatalog([(TargetFamily.Of<Source>("test", _ => []), new Source(this))], registry, _stub.Time);
        var counts = new IntakeMetrics(registry);
        var events = new Current<EventLogOptions>(new EventLogOptions());
        _intake = new IntakePipeline(
            new Head(HeadOptions.Default), null!, null!, null!, new MetadataTable(), new LogCounts(counts, _stub.Time),
            new MarkStage(events, new Current<EventCalendar>(new EventCalendar([], null)), counts, new MarkMetrics(registry), _stub.Time),
            new TemplateStage(events, null!, counts, new TemplateMetrics(registry), _stub.Time), events, counts, _stub.Time);
        var metrics = new PollMetrics(registry);
        var runner = new PollRunner(
            _intake, metrics, new MemoryBudget(new MemoryLimit(1L << 30, "test", IsHard: true), _stub.Time), _stub.Time,
            NullLogger<PollRunner>.Instance);
        _scheduler = new PollScheduler(
            _catalog, runner, new Wheel(_stub.Time), new Current<TargetSections>(MetricsOptions.Parse("").Targets), new RetiredTargets(),
            metrics, _stub.Time, NullLogger<PollScheduler>.Instance);
    }

    public void Dispose()
    {
        _scheduler.Dispose();
        _catalog.Dispose();
        _cloud.Dispose();
        _stub.Dispose();
    }

    [Fact]
    public async Task Owners_are_listed_then_what_they_may_have_left_then_it_is_judged_and_nothing_else_is_asked()
    {
        await LookAsync(new DeletedOwner("openstack/test", OwnerKind.Project, "shop"));
        Asked().Should().Equal("/identity/v3/projects", "/volume/v3/volumes/detail", "/identity/v3/projects/shop");
        await LookAsync(new DeletedOwner("openstack/test", OwnerKind.User, "u9"));
        Asked().Skip(3).Should().Equal(["/identity/v3/users", "/volume/v3/volumes/detail"], "nothing is the user's");
    }

    [Fact]
    public async Task A_service_that_hangs_keeps_nobody_from_being_judged()
    {
        _stub.Failures["/volume/v3/volumes/detail"] = 503;
        Task look = LookAsync(new DeletedOwner("openstack/test", OwnerKind.Domain, "d1"));
        // A 503 is tried once more, after a while that the clock does not go on for here.
        await Eventually.Async(() => Task.FromResult(Asked().Count(p => p.Contains("/volumes/", StringComparison.Ordinal)) == 1), "asked");
        _stub.Failures.Remove("/volume/v3/volumes/detail");
        await Eventually.Async(() =>
        {
            _stub.Time.Advance(TimeSpan.FromMilliseconds(200));
            return Task.FromResult(look.IsCompleted);
        }, "the look ends");
        Asked().Count(p => p.Contains("/volumes/", StringComparison.Ordinal)).Should().Be(2);
    }

    [Fact]
    public async Task Where_orphans_are_not_looked_for_nothing_is_asked()
    {
        _parts = [];
        Task look = LookAsync(new DeletedOwner("openstack/test", OwnerKind.Project, "shop"));
        await Eventually.Async(() =>
        {
            _stub.Time.Advance(TimeSpan.FromSeconds(1));
            return Task.FromResult(look.IsCompleted);
        }, "it gives up");
        Asked().Should().BeEmpty();
    }

    [Fact]
    public void Events_of_deleted_projects_users_and_domains_are_told_from_others()
    {
        using var batch = new EventBatch("openstack/west");
        foreach ((string kind, string action, string type, string id) in new[]
        {
            (EventKinds.ResourceDeleted, "identity.project.deleted", "project", "p1"),
            (EventKinds.ResourceDeleted, "identity.user.deleted", "user", "u1"),
            (EventKinds.ResourceDeleted, "identity.domain.deleted", "domain", "d1"),
            (EventKinds.ResourceUpdated, "identity.project.updated", "project", "p2"),
            (EventKinds.ResourceDeleted, "identity.group.deleted", "group", "g1"),
            (EventKinds.ResourceDeleted, "dns.domain.delete", "domain", "z1"),
            (EventKinds.ResourceDeleted, "identity.project.deleted", "project", ""),
            (EventKinds.ResourceDeleted, "identity.project.deleted", "project", new string('p', 65)),
            (EventKinds.Log, "identity.project.deleted", "project", "p3"),
        })
        {
            batch.Add(1, 1, kind, 9, "");
            batch.AddField(EventFields.Action, action);
            batch.AddField(EventFields.ResourceType, type);
            batch.AddField(EventFields.ResourceId, id);
        }
        DeletedOwner.In(batch).Should().Equal(
            new DeletedOwner("openstack/west", OwnerKind.Project, "p1"), new DeletedOwner("openstack/west", OwnerKind.User, "u1"),
            new DeletedOwner("openstack/west", OwnerKind.Domain, "d1"));
    }

    [Fact]
    public void Of_a_flood_of_deletions_what_cannot_wait_is_counted()
    {
        var metrics = new CloudMetrics(new MetricRegistry());
        using var deletions = new OwnerDeletions(
            _intake, _scheduler, new Current<TargetSections>(MetricsOptions.Parse("").Targets), metrics, _stub.Time);
        using var batch = new EventBatch("push");
        for (int n = 0; n < 1200; n++)
        {
            batch.Add(1, 1, EventKinds.ResourceDeleted, 9, "");
            batch.AddField(EventFields.Action, "identity.user.deleted");
            batch.AddField(EventFields.ResourceType, "user");
            batch.AddField(EventFields.ResourceId, "u");
        }
        deletions.Note(batch);
        metrics.DeletionsDropped.Value.Should().Be(200);
    }

    [Theory]
    [InlineData("openstack/west", "west")]
    [InlineData("openstack/north", "west east")]
    [InlineData("logs/keystone", "west east")]
    public void An_event_is_of_the_cloud_that_is_called_as_its_input_or_may_be_of_each(string source, string clouds)
    {
        string yaml = string.Join(", ", new[] { "west", "east" }.Select(
            n => $"{{ name: {n}, auth: {{ auth_url: 'http://{n}:5000/v3', username: u, password: p, project_name: admin }} }}"));
        TargetSections sections = MetricsOptions.Parse($"openstack: [ {yaml} ]").Targets;
        OwnerDeletions.CloudsOf(source, sections).Select(c => c.Name).Should().Equal(clouds.Split(' '));
    }

    [Fact]
    public async Task What_is_told_while_the_list_of_owners_is_backed_off_waits_and_what_is_told_of_others_does_not()
    {
        await LookAsync(new DeletedOwner("openstack/test", OwnerKind.Project, "shop"));
        PollTarget projects = _scheduler.Targets.Single(t => t.Part == "identity/projects");
        projects.Status = projects.Status with { Failures = 3, NotBefore = _stub.Time.GetUtcNow() + TimeSpan.FromMinutes(1) };
        int before = Asked().Count;
        var deleted = new ConcurrentQueue<DeletedOwner>(
        [
            new DeletedOwner("openstack/test", OwnerKind.Project, "shop-2"), new DeletedOwner("openstack/test", OwnerKind.User, "u9"),
            new DeletedOwner("openstack/test", OwnerKind.Domain, "d1"),
        ]);
        await LookAsync(deleted);
        Asked().Skip(before).Should().Equal("/identity/v3/users", "/volume/v3/volumes/detail");
        deleted.Select(d => d.Id).Should().Equal("shop-2", "d1");
        await LookAsync(deleted);
        Asked().Should().HaveCount(before + 2, "nothing that was told can be looked up yet");
        _looks.OrphanLooks.WithLabels("test").Value.Should().Be(2);
        _stub.Time.Advance(TimeSpan.FromMinutes(1));
        await LookAsync(deleted);
        deleted.Should().BeEmpty();
        Asked().Skip(before + 2).Should().Contain("/identity/v3/projects").And.Contain("/identity/v3/users");
        _looks.DeletionsDropped.Value.Should().Be(0);
    }

    [Fact]
    public async Task A_look_goes_on_with_the_cloud_as_it_is_after_a_reload()
    {
        CloudJob? job = _cloud.Job with { Id = new SectionId("openstack test", "as it was") };
        await _scheduler.ReconcileAsync(CancellationToken.None);
        var deleted = new ConcurrentQueue<DeletedOwner>([new DeletedOwner("openstack/test", OwnerKind.Project, "shop")]);
        Task look = new OrphanLook(() => job, _scheduler, _looks, _stub.Time).RunAsync(deleted, TestContext.Current.CancellationToken);
        look.IsCompleted.Should().BeFalse("it has no targets yet");
        job = _cloud.Job;
        _stub.Time.Advance(TimeSpan.FromSeconds(1));
        await look;
        Asked().Should().Contain("/identity/v3/projects");
        (deleted.Count, _looks.DeletionsDropped.Value).Should().Be((0, 0));
    }

    [Fact]
    public async Task What_waits_for_a_cloud_that_has_gone_is_counted()
    {
        var deleted = new ConcurrentQueue<DeletedOwner>(
            Enumerable.Range(0, 3).Select(n => new DeletedOwner("openstack/test", OwnerKind.Project, $"p{n}")));
        CloudJob? job = _cloud.Job with { Id = new SectionId("openstack test", "as it was") };
        Task look = new OrphanLook(() => job, _scheduler, _looks, _stub.Time).RunAsync(deleted, TestContext.Current.CancellationToken);
        job = null;
        _stub.Time.Advance(TimeSpan.FromSeconds(1));
        await look;
        (deleted.Count, _looks.DeletionsDropped.Value).Should().Be((0, 3));
    }

    [Fact]
    public async Task What_was_told_before_a_reload_that_alters_the_cloud_is_looked_up_after_it()
    {
        await _scheduler.ReconcileAsync(CancellationToken.None);
        var before = new SectionId("openstack test", "as it was");
        var sections = new Current<TargetSections>(new TargetSections([_cloud.Job with { Id = before }]));
        using var deletions = new OwnerDeletions(_intake, _scheduler, sections, _looks, _stub.Time);
        using var stop = new CancellationTokenSource();
        deletions.Ask(new DeletedOwner("openstack/test", OwnerKind.Project, "shop"), stop.Token);
        sections.Value = new TargetSections([_cloud.Job]);
        await Eventually.Async(() =>
        {
            _stub.Time.Advance(TimeSpan.FromMilliseconds(100));
            return Task.FromResult(Asked().Contains("/identity/v3/projects/shop"));
        }, "it is judged");
        _looks.DeletionsDropped.Value.Should().Be(0);
        await stop.CancelAsync();
        await deletions.StopAsync(CancellationToken.None);
    }

    private async Task LookAsync(DeletedOwner owner)
    {
        await _scheduler.ReconcileAsync(CancellationToken.None);
        _stub.Time.Advance(TimeSpan.FromMilliseconds(1));
        var deleted = new ConcurrentQueue<DeletedOwner>([owner]);
        await LookAsync(deleted);
        deleted.Should().BeEmpty();
    }

    private Task LookAsync(ConcurrentQueue<DeletedOwner> deleted) =>
        new OrphanLook(() => _cloud.Job, _scheduler, _looks, _stub.Time).RunAsync(deleted, TestContext.Current.CancellationToken);

    /// <summary>Paths that were asked for, but for log-ins and versions.</summary>
    private List<string> Asked()
    {
        lock (_stub.Requests)
        {
            return [
                .. _stub.Requests.Where(r => r.StartsWith("GET ", StringComparison.Ordinal)).Select(r => r[4..].Split('?')[0])
                    .Where(p => !p.EndsWith('/')),
            ];
        }
    }

    private sealed class Source(OrphanLookTests test) : ITargetSource
    {
        public IEnumerable<TargetDeclaration> Discover(TargetSections sections) =>
            CloudCatalog.All.Where(c => test._parts.Contains(c.Name)).Select(c => new TargetDeclaration(
                test._cloud.Job, CloudTargets.Job, test._cloud.Name, TimeSpan.FromHours(1), TimeSpan.FromHours(1),
                () => c.Create(test._cloud), part: c.Name));
    }
}
