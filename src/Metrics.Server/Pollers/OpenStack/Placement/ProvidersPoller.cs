using System.Text.Json;
using Metrics.Model;
using Metrics.Pollers.OpenStack.Client;

namespace Metrics.Pollers.OpenStack.Placement;

/// <summary>
/// Resource providers: what each has, reserves, oversubscribes and gives away. A provider is asked again only when its generation has
/// grown, which every change of inventory or allocation makes it do: what has not changed is still true.
/// </summary>
/// <remarks>https://docs.openstack.org/api-ref/placement/#resource-providers</remarks>
internal sealed class ProvidersPoller(WatchedCloud cloud) : CloudPoller(cloud, CloudService.Placement)
{
    private static readonly string[] s_labels = ["hostname", "resourcetype"];
    private static readonly Metric s_total =
        Metric.Gauge("openstack_placement_resource_total", "What a provider has of a resource.", s_labels);
    private static readonly Metric s_ratio =
        Metric.Gauge("openstack_placement_resource_allocation_ratio", "How many times a provider gives away what it has of a resource.",
            s_labels);
    private static readonly Metric s_generation =
        Metric.Gauge("openstack_placement_resource_generation", "Changes of a provider.", s_labels);
    private static readonly Metric s_reserved =
        Metric.Gauge("openstack_placement_resource_reserved", "What a provider keeps back of a resource.", s_labels);
    private static readonly Metric s_usage =
        Metric.Gauge("openstack_placement_resource_usage", "What a provider has given away of a resource.", s_labels);

    private Dictionary<string, Provider> _providers = [];

    /// <summary>A provider as it was at one generation.</summary>
    private sealed record Provider(string Name, string Generation, CloudValue[] Values)
    {
        /// <summary>Consumers and what they have, asked for when the time allows; null before that.</summary>
        public Resource[]? Consumers { get; set; }
    }

    protected override async Task CollectAsync(SampleSink sink, CancellationToken ct)
    {
        ResourceList allocations = Cloud.Inventory.Begin(ResourceKind.Allocation, Cloud.Time);
        var listed = new List<(string Id, string Name, string Generation)>();
        await foreach (JsonElement p in Api.ListAsync("/resource_providers", "resource_providers", ct))
            listed.Add((p.Text("uuid"), p.Text("name"), p.Text("generation")));
        var providers = new System.Collections.Concurrent.ConcurrentDictionary<string, Provider>();
        CloudException? failure = null;
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = Cloud.Job.Concurrency, CancellationToken = ct };
        await Parallel.ForEachAsync(listed, parallel, async (p, token) =>
        {
            try
            {
                if (_providers.TryGetValue(p.Id, out Provider? known) && known.Generation == p.Generation && known.Name == p.Name)
                    providers[p.Id] = known;
                else
                    providers[p.Id] = await ReadAsync(p.Id, p.Name, p.Generation, token);
            }
            catch (CloudException e) when (e.Status == 404)
            {
                // Gone between the list and the question.
            }
            catch (CloudException e)
            {
                failure = e;
            }
        });
        if (failure is not null && providers.IsEmpty)
            throw failure;
        _providers = new Dictionary<string, Provider>(providers);
        foreach (Provider provider in _providers.Values)
        {
            foreach (ref CloudValue value in provider.Values.AsSpan())
                value = value with { Series = sink.AddSeries(value.Metric, value.Value, value.Series) };
        }
        await ReadConsumersAsync(allocations, failure is null && providers.Count == listed.Count, parallel);
    }

    private async Task<Provider> ReadAsync(string id, string name, string generation, CancellationToken ct)
    {
        using JsonDocument inventories =
            await Api.GetAsync($"/resource_providers/{id}/inventories", "/resource_providers/{provider}/inventories", ct: ct);
        using JsonDocument usages = await Api.GetAsync($"/resource_providers/{id}/usages", "/resource_providers/{provider}/usages", ct: ct);
        var values = new List<CloudValue>();
        double changes = inventories.RootElement.Number("resource_provider_generation");
        foreach (JsonProperty i in inventories.RootElement.Child("inventories")?.EnumerateObject().ToArray() ?? [])
        {
            Add(values, s_total, name, i.Name, i.Value.Number("total"));
            Add(values, s_ratio, name, i.Name, i.Value.Number("allocation_ratio"));
            Add(values, s_generation, name, i.Name, changes);
            Add(values, s_reserved, name, i.Name, i.Value.Number("reserved"));
        }
        JsonElement? used = usages.RootElement.Child("usages");
        foreach (JsonProperty u in used?.EnumerateObject().ToArray() ?? [])
            Add(values, s_usage, name, u.Name, used!.Value.Number(u.Name));
        return new Provider(name, generation, [.. values]);
    }

    private static void Add(List<CloudValue> values, Metric metric, string host, string resource, double value) =>
        values.Add(new CloudValue(metric, metric.Series(host, resource), value));

    /// <summary>
    /// Who has what of which provider, to find allocations whose server is gone: one call a changed provider, spread over
    /// <c>slow_interval</c>.
    /// </summary>
    private async Task ReadConsumersAsync(ResourceList allocations, bool complete, ParallelOptions parallel)
    {
        int slice = (int)Math.Ceiling(_providers.Count * (Cloud.Job.Interval / Cloud.Job.SlowInterval));
        var due = _providers.Where(p => p.Value.Consumers is null).Take(slice).ToList();
        try
        {
            await Parallel.ForEachAsync(due, parallel, async (p, ct) =>
            {
                using JsonDocument answer =
                    await Api.GetAsync($"/resource_providers/{p.Key}/allocations", "/resource_providers/{provider}/allocations", ct: ct);
                string name = $"on {p.Value.Name}";
                p.Value.Consumers =
                    [.. answer.RootElement.Child("allocations")?.EnumerateObject()
                        .Select(a => Consumer(Json.Shared(a.Name), name, a.Value.Child("resources"))) ?? []];
            });
        }
        catch (CloudException)
        {
            // The usage is told all the same; allocations are looked at when they can be had.
            return;
        }
        if (!complete || _providers.Values.Any(p => p.Consumers is null))
            return;
        foreach (Resource consumer in _providers.Values.SelectMany(p => p.Consumers!))
            allocations.Add(consumer);
        // Generations have just been compared: every answer is still true.
        allocations.Complete();
    }

    private static Resource Consumer(string id, string name, JsonElement? resources) => new(id, name, "")
    {
        Parent = (ResourceKind.Server, id),
        Vcpus = Amount(resources, "VCPU") + Amount(resources, "PCPU"),
        MemoryMiB = Amount(resources, "MEMORY_MB"),
        DiskGiB = Amount(resources, "DISK_GB"),
    };

    private static double Amount(JsonElement? resources, string name) =>
        resources?.Number(name) is { } amount && !double.IsNaN(amount) ? amount : 0;
}
