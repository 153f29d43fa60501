using System.Text.RegularExpressions;
using Metrics.Formats.Logs;
using Metrics.Inputs;
using Metrics.Model;
using Metrics.Notifiers;
using Metrics.Text;

namespace Metrics.Tests;

/// <summary>What the catalogues hold, the manual knows.</summary>
public sealed partial class DocumentationTests
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

    [Fact]
    public void Every_format_of_logs_is_in_the_manual() =>
        Document("inputs.md").Should().ContainAll(LogFormats.All.Concat(LogFormats.Binary).Select(f => $"`{f.Name}`"));

    [Fact]
    public void Every_reason_of_a_gap_is_in_the_manual() =>
        Document("inputs.md").Should().ContainAll(LedgerReasons.All.Select(r => $"| `{r}` |"));

    [Fact]
    public void Every_kind_and_field_of_events_is_in_the_manual()
    {
        IEnumerable<string> fields = typeof(EventFields).GetFields().Where(f => f.IsLiteral).Select(f => (string)f.GetRawConstantValue()!);
        Document("events.md").Should().ContainAll(EventKinds.All.Concat(fields).Select(n => $"`{n}`"));
    }

    [Theory]
    [InlineData("security.md")]
    [InlineData("security-cases.md")]
    public void Every_test_that_a_manual_of_security_names_is_there(string manual)
    {
        string[] named = [.. TestName().Matches(Document(manual)).Select(m => m.Value)];
        named.Should().HaveCountGreaterThan(5);
        ILookup<string, string> files = Directory
            .EnumerateFiles(Path.Combine(Cases.Repository, "tests"), "*Tests.cs", SearchOption.AllDirectories)
            .ToLookup(f => Path.GetFileNameWithoutExtension(f), File.ReadAllText);
        named.Where(n => !IsThere(n.Split('.'))).Should().BeEmpty();

        bool IsThere(string[] name) => files[name[0]].Any(t => name.Length == 1 || t.Contains($" {name[1]}(", StringComparison.Ordinal));
    }

    [Fact]
    public void Every_rule_that_the_cases_of_the_guide_name_is_shipped_and_every_rule_of_security_is_a_case()
    {
        string[] shipped =
        [
            .. Directory.EnumerateFiles(Path.Combine(Cases.Repository, "rules"), "*.yaml").Select(File.ReadAllText)
                .SelectMany(t => AlertName().Matches(t)).Select(m => m.Value).Distinct(),
        ];
        string[] named = [.. CaseName().Matches(Document("security-cases.md")).Select(m => m.Value)];
        named.Except(shipped).Should().BeEmpty();
        string[] security =
        [
            .. new[] { "identity", "hosts", "resources", "security" }
                .Select(n => File.ReadAllText(Path.Combine(Cases.Repository, "rules", n + ".yaml")))
                .SelectMany(t => AlertName().Matches(t)).Select(m => m.Value).Distinct(),
        ];
        security.Except(named).Should().BeEmpty();
    }

    [GeneratedRegex(@"(?<=- alert: )\w+")]
    private static partial Regex AlertName();

    /// <summary>Words in capitals that are neither tests nor files.</summary>
    [GeneratedRegex(@"(?<=`)(?!\w+Tests)[A-Z]\w+(?=`)")]
    private static partial Regex CaseName();

    [GeneratedRegex(@"(?<=`)\w+Tests(\.\w+)?(?=`)")]
    private static partial Regex TestName();

    private static string Document(string name) => File.ReadAllText(Path.Combine(Cases.Repository, "docs", name));
}
