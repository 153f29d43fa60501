using System.Text.RegularExpressions;
using Metrics.Pollers;
using Metrics.Testing;

namespace Metrics.Tests;

/// <summary>The floors of the house: who may know whom.</summary>
public sealed partial class ArchitectureTests
{
    /// <summary>A folder, and the folders that its files may use. What is not listed may use anything.</summary>
    private static readonly Dictionary<string, string[]> s_allowed = new()
    {
        ["Model"] = ["Model"],
        ["Text"] = ["Model", "Text"],
        ["Formats"] = ["Model", "Text", "Formats"],
        ["Series"] = ["Model", "Text", "Series"],
        ["Query"] = ["Model", "Text", "Formats", "Series", "Query"],
        ["Rules"] = ["Model", "Text", "Formats", "Series", "Query", "Rules"],
        ["Routing"] = ["Model", "Text", "Series", "Rules", "Routing"],
        ["Telemetry"] = ["Telemetry"],
        ["Storage"] = ["Model", "Text", "Formats", "Series", "Configuration", "Telemetry", "Storage"],
        ["Intake"] = ["Model", "Text", "Formats", "Series", "Configuration", "Storage", "Telemetry", "Intake"],
        ["Pollers"] = ["Model", "Text", "Formats", "Configuration", "Telemetry", "Intake", "Scheduling", "Pollers"],
        ["Inputs"] = ["Model", "Text", "Formats", "Series", "Configuration", "Telemetry", "Intake", "Storage", "Inputs"],
        ["Server/Rules"] = ["Model", "Text", "Formats", "Series", "Query", "Querying", "Routing", "Configuration", "Telemetry", "Intake", "Rules"],
        ["Alerting"] = ["Model", "Text", "Formats", "Series", "Query", "Querying", "Rules", "Routing", "Configuration", "Telemetry", "Intake", "Storage", "Notifiers", "Alerting"],
        ["Notifiers"] = ["Model", "Text", "Formats", "Rules", "Configuration", "Telemetry", "Alerting", "Notifiers"],
    };

    [Fact]
    public void Every_folder_knows_only_those_below_it()
    {
        var broken = new List<string>();
        int looked = 0;
        foreach (string file in Sources())
        {
            string folder = FolderOf(file);
            if (!s_allowed.TryGetValue(folder, out string[]? allowed))
                continue;
            foreach (Match use in Uses().Matches(File.ReadAllText(file)))
            {
                looked++;
                if (!allowed.Contains(use.Groups[1].Value))
                    broken.Add($"{Path.GetRelativePath(Cases.Repository, file)} uses Metrics.{use.Groups[1].Value}");
            }
        }
        looked.Should().BeGreaterThan(100, "a test that looks at nothing keeps nothing");
        broken.Should().BeEmpty();
    }

    [Fact]
    public void The_core_knows_nothing_of_the_world()
    {
        string[] references = [.. typeof(Model.Labels).Assembly.GetReferencedAssemblies().Select(a => a.Name!)];
        references.Should().NotBeEmpty();
        references.Should().NotContain(r => r.Contains("AspNetCore") || r.Contains("Net.Http") || r.Contains("Net.Sockets") || r.Contains("FileSystem") || r.Contains("Extensions"));
    }

    [Fact]
    public void The_client_library_of_our_own_metrics_stays_behind_one_folder() =>
        Sources().Where(f => File.ReadAllText(f).Contains("using Prometheus", StringComparison.Ordinal)).Select(FolderOf).Distinct().Should().Equal("Telemetry");

    [Fact]
    public void Every_host_poller_is_in_the_catalogue()
    {
        string[] pollers = [.. typeof(IPoller).Assembly.GetTypes().Where(t => t.IsClass && typeof(IPoller).IsAssignableFrom(t) && t.Namespace == "Metrics.Pollers.Host" && t.Name != "HostPoller").Select(t => t.Name).Order()];
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

    private static IEnumerable<string> Sources() => Directory.EnumerateFiles(Path.Combine(Cases.Repository, "src"), "*.cs", SearchOption.AllDirectories)
        .Where(f => !f.Contains("/obj/", StringComparison.Ordinal) && !f.Contains("/bin/", StringComparison.Ordinal));

    /// <summary>The room of a file. Rules are in both assemblies: the pure ones below, the engine that evaluates them above.</summary>
    private static string FolderOf(string file)
    {
        string[] parts = Path.GetRelativePath(Path.Combine(Cases.Repository, "src"), file).Split('/');
        return parts is ["Metrics.Server", "Rules", ..] ? "Server/Rules" : parts[1];
    }

    [GeneratedRegex(@"^using Metrics\.([A-Za-z]+)", RegexOptions.Multiline)]
    private static partial Regex Uses();

    [GeneratedRegex(@"`((?:src|tests|rules|grafana|docs)/[A-Za-z0-9_./-]+)`")]
    private static partial Regex Paths();
}
