using System.Text.Json;
using Metrics.Model;
using Metrics.Pollers.OpenStack.Client;

namespace Metrics.Pollers.OpenStack.Keystone;

/// <summary>Projects: how many, and what each is called.</summary>
/// <remarks>https://docs.openstack.org/api-ref/identity/v3/#list-projects</remarks>
internal sealed class ProjectsPoller(WatchedCloud cloud) : CloudPoller(cloud, CloudService.Identity)
{
    private static readonly Metric s_count = Metric.Gauge("openstack_identity_projects", "Projects.");
    private static readonly Metric s_info = Metric.Gauge("openstack_identity_project_info", "A constant 1 for each project.",
        "is_domain", "description", "domain_id", "enabled", "id", "name", "parent_id", "tags");

    protected override async Task CollectAsync(SampleSink sink, CancellationToken ct)
    {
        DateTimeOffset started = Cloud.Time.GetUtcNow();
        var projects = new Dictionary<string, Owner>();
        await foreach (JsonElement p in Api.ListAsync("/projects", "projects", ct))
        {
            var project = new Owner(p.Text("id"), p.Text("name"), p.Text("domain_id"), p.Flag("enabled"));
            projects[project.Id] = project;
            sink.Add(
                s_info, 1, p.Text("is_domain"), p.Text("description"), project.DomainId, p.Text("enabled"), project.Id, project.Name,
                p.Text("parent_id"), string.Join(',', p.Texts("tags")));
        }
        sink.Add(s_count, projects.Count);
        Cloud.Inventory.Projects = new Listing<Owner>(started, Cloud.Time.GetUtcNow(), projects);
    }
}
