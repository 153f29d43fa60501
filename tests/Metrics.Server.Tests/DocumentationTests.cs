using Metrics.Inputs;
using Metrics.Notifiers;
using Metrics.Text;

namespace Metrics.Tests;

/// <summary>What the catalogues hold, the manual knows.</summary>
public sealed class DocumentationTests
{
    [Fact]
    public void Every_notifier_is_in_the_manual() =>
        Document("alerting.md").Should().ContainAll(NotifierCatalog.All.Select(k => $"`{k.Section}`"));

    [Fact]
    public void Every_family_of_inputs_is_in_the_manual()
    {
        var problems = new List<Problem>();
        var section = YamlSection.Empty("metrics.yaml", "inputs", problems);
        InputCatalog.Read(section);
        Document("inputs.md").Should().ContainAll(section.Known.Select(k => $"{k}:"));
    }

    private static string Document(string name) => File.ReadAllText(Path.Combine(Cases.Repository, "docs", name));
}
