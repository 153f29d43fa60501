using System.Reflection;
using System.Text.RegularExpressions;
using Metrics.Pollers;

namespace Metrics.Tests;

/// <summary>The floors of the house: who may know whom.</summary>
public sealed partial class ArchitectureTests
{
    private const string Core = "Core/";

    /// <summary>
    /// The rooms of the server from below, a floor a line: a room may use those of the floors below its own, and nobody beside it.
    /// </summary>
    private static readonly string[][] s_server =
    [
        ["Configuration", "Telemetry", "Scheduling"],
        ["Storage", "Notifiers"],
        ["Intake"],
        ["Pollers", "Inputs", "Querying"],
        ["Rules"],
        ["Alerting"],
        ["Reactions"],
        ["Access"],
        ["Api", "Web"],
        ["Reports"],
        ["Hosting"],
        // The commands read the whole configuration, to check it and to find the daemon: so they stand above what puts it together.
        ["Cli"],
    ];

    /// <summary>The rooms of the core from below.</summary>
    private static readonly string[][] s_core = [["Model"], ["Text"], ["Formats", "Series"], ["Query"], ["Rules"], ["Routing"]];

    /// <summary>Rooms that bring samples in and keep them; what is judged of these is not their business.</summary>
    private static readonly string[] s_bringing = ["Configuration", "Telemetry", "Scheduling", "Storage", "Intake", "Pollers", "Inputs"];

    [Fact]
    public void Every_room_knows_only_those_below_it()
    {
        var broken = new SortedDictionary<string, string>(StringComparer.Ordinal);
        int looked = 0;
        foreach ((string from, string to, string example) in Pairs())
        {
            looked++;
            if (!IsAllowed(from, to))
                broken.TryAdd($"{from} → {to}", example);
        }
        looked.Should().BeGreaterThan(40, "a test that looks at nothing keeps nothing");
        broken.Select(b => $"{b.Key}: {b.Value}").Should().BeEmpty();
    }

    private static bool IsAllowed(string from, string to)
    {
        if (from == to)
            return true;
        if (to.StartsWith(Core, StringComparison.Ordinal) && !from.StartsWith(Core, StringComparison.Ordinal))
            return to[Core.Length..] is not ("Query" or "Rules" or "Routing") || !s_bringing.Contains(from);
        return FloorOf(to) < FloorOf(from);
    }

    private static int FloorOf(string room)
    {
        string[][] floors = room.StartsWith(Core, StringComparison.Ordinal) ? s_core : s_server;
        int floor = Array.FindIndex(floors, f => f.Contains(room.StartsWith(Core, StringComparison.Ordinal) ? room[Core.Length..] : room));
        return floor >= 0 ? floor : throw new InvalidOperationException($"The room {room} has no floor; give it one.");
    }

    /// <summary>Which room uses which, each pair once, with an example.</summary>
    private static IEnumerable<(string From, string To, string Example)> Pairs()
    {
        var seen = new HashSet<(string, string)>();
        foreach (Assembly assembly in new[] { typeof(Model.Labels).Assembly, typeof(IPoller).Assembly })
        {
            using var reader = new AssemblyReader(assembly);
            string own = assembly.GetName().Name!;
            foreach ((string from, string where, string to) in reader.References().OrderBy(r => (r.From, r.To)))
            {
                if (RoomOf(own, from) is { } user && RoomOf(where, to) is { } used && seen.Add((user, used)))
                    yield return (user, used, $"{from} uses {to}");
            }
        }
    }

    /// <summary>
    /// The room of a type: the second word of its namespace; null where it is not ours or stands in none, as Program does.
    /// </summary>
    private static string? RoomOf(string assembly, string type)
    {
        string[] words = type.Split('.');
        bool ours = assembly is "Metrics.Core" or "metricsd" && words.Length > 2 && words[0] == "Metrics";
        return !ours ? null : assembly == "Metrics.Core" ? Core + words[1] : words[1];
    }

    [Fact]
    public void The_core_knows_nothing_of_the_world()
    {
        string[] references = [.. typeof(Model.Labels).Assembly.GetReferencedAssemblies().Select(a => a.Name!)];
        references.Should().NotBeEmpty();
        references.Should()
            .NotContain(
            r => r.Contains("AspNetCore")
            || r.Contains("Net.Http")
            || r.Contains("Net.Sockets")
            || r.Contains("FileSystem")
            || r.Contains("Extensions"));
    }

    [Fact]
    public void The_client_library_of_our_own_metrics_stays_behind_one_folder() =>
        Sources().Where(f => File.ReadAllText(f).Contains("using Prometheus", StringComparison.Ordinal)).Select(FolderOf).Distinct()
            .Should().Equal("Telemetry");

    [Fact]
    public void Every_host_poller_is_in_the_catalogue()
    {
        string[] pollers =
            [.. typeof(IPoller).Assembly.GetTypes()
                .Where(t => t.IsClass
                && typeof(IPoller).IsAssignableFrom(t)
                && t.Namespace == "Metrics.Pollers.Host"
                && t.Name != "HostPoller").Select(t => t.Name).Order()];
        pollers.Should().HaveCountGreaterThan(20);
        var files = new Metrics.Pollers.Host.HostFiles("/proc", "/sys", "/");
        PollerCatalog.Host.Select(p => p.Create(files, TimeProvider.System).GetType().Name).Order().Should().Equal(pollers);
        PollerCatalog.Host.Select(p => p.Name).Should().OnlyHaveUniqueItems();
    }

    [Theory]
    [InlineData("docs/architecture.md")]
    [InlineData("CONTRIBUTING.md")]
    [InlineData("README.md")]
    public void Every_path_that_a_document_names_exists(string document)
    {
        string text = File.ReadAllText(Path.Combine(Cases.Repository, document));
        string[] paths = [.. Paths().Matches(text).Select(m => m.Groups[1].Value).Distinct()];
        paths.Should().NotBeEmpty();
        paths.Where(p => !Path.Exists(Path.Combine(Cases.Repository, p))).Should().BeEmpty();
    }

    private static IEnumerable<string> Sources() =>
        Directory.EnumerateFiles(Path.Combine(Cases.Repository, "src"), "*.cs", SearchOption.AllDirectories)
        .Where(f => !f.Contains("/obj/", StringComparison.Ordinal) && !f.Contains("/bin/", StringComparison.Ordinal));

    /// <summary>The room of a file. Rules are in both assemblies: the pure ones below, the engine that evaluates them above.</summary>
    private static string FolderOf(string file)
    {
        string[] parts = Path.GetRelativePath(Path.Combine(Cases.Repository, "src"), file).Split('/');
        return parts is ["Metrics.Server", "Rules", ..] ? "Server/Rules" : parts[1];
    }

    [GeneratedRegex(@"`((?:src|tests|rules|grafana|docs)/[A-Za-z0-9_./-]+)`")]
    private static partial Regex Paths();
}
