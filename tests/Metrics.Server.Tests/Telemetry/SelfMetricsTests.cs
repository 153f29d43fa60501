using System.Text;
using System.Text.RegularExpressions;
using Metrics.Telemetry;
using Prometheus;

namespace Metrics.Tests.Telemetry;

/// <summary>What is shown is written by somebody: own metrics, and the fields of the API's answers.</summary>
public sealed partial class SelfMetricsTests
{
    private const string Writer = "System.Text.Json.Utf8JsonWriter.";
    private const string Own = "Metrics.Telemetry.SelfMetrics";

    /// <summary>
    /// Fields that the protocols ask for and that have nothing to say here, or are there only when they hold; of every kind of answer
    /// <c>status</c> and <c>type</c> besides, which say which one it is.
    /// </summary>
    private static readonly string[] s_constants =
    [
        "branch=metricsd", "buildDate=", "buildUser=", "goVersion=", "metricsd_state=no data",
    ];

    private static readonly IReadOnlyList<MethodIl> s_methods = Read();

    [Fact]
    public void Every_own_metric_is_written_by_somebody()
    {
        HashSet<string> called = [.. s_methods.SelectMany(m => m.Body).Select(i => i.Called).OfType<string>()];
        string[] metrics =
        [
            .. typeof(SelfMetrics).GetProperties().Where(p => typeof(Collector).IsAssignableFrom(p.PropertyType)).Select(p => p.Name),
        ];
        metrics.Should().HaveCountGreaterThan(40);
        metrics.Where(m => !called.Contains($"{Own}.get_{m}")).Should().BeEmpty("a metric that nobody sets tells of nothing");
    }

    [Fact]
    public async Task Every_value_of_a_label_that_is_there_from_the_start_is_counted_by_somebody()
    {
        HashSet<string> literals = [.. s_methods.Where(m => m.Type != Own).SelectMany(m => m.Body).Select(i => i.Text).OfType<string>()];
        using var page = new MemoryStream();
        await new SelfMetrics().WriteAsync(page, CancellationToken.None);
        (string Metric, string Value)[] values =
        [
            .. Labelled().Matches(Encoding.UTF8.GetString(page.ToArray()))
                .Where(m => !IsOwnBusiness(m.Groups[1].Value)).Select(m => (m.Groups[1].Value, m.Groups[2].Value)),
        ];
        values.Should().HaveCountGreaterThan(20);
        values.Where(v => !literals.Contains(v.Value)).Should()
            .BeEmpty("a reason that nobody counts cannot be told from one that never came");
    }

    [Fact]
    public void Every_field_of_the_APIs_answers_is_written_from_what_is()
    {
        var constants = new SortedSet<string>(StringComparer.Ordinal);
        int fields = 0;
        foreach (MethodIl method in s_methods.Where(m => m.Type.StartsWith("Metrics.Api.", StringComparison.Ordinal)))
        {
            for (int i = 2; i < method.Body.Count; i++)
            {
                if (method.Body[i].Called is not (Writer + "WriteString" or Writer + "WriteBoolean" or Writer + "WriteNumber"))
                    continue;
                fields++;
                if (method.Body[i - 2].Text is { } name and not ("status" or "type") && IsConstant(method.Body[i - 1]))
                    constants.Add($"{name}={method.Body[i - 1].Text ?? method.Body[i - 1].Code.Name}");
            }
        }
        fields.Should().BeGreaterThan(40);
        constants.Should().Equal(s_constants);
    }

    private static bool IsConstant(Instruction instruction) =>
        instruction.Text is not null || instruction.Code.Name!.StartsWith("ldc", StringComparison.Ordinal);

    /// <summary>What the class itself fills in, from the system.</summary>
    private static bool IsOwnBusiness(string metric) => metric is "metricsd_build_info" or "metricsd_dotnet_collections_total";

    private static IReadOnlyList<MethodIl> Read()
    {
        using var reader = new AssemblyReader(typeof(SelfMetrics).Assembly);
        return [.. reader.Methods()];
    }

    [GeneratedRegex("^(metricsd_[a-z_]+)\\{(?!le=)[a-z_]+=\"([^\"]+)\"\\}", RegexOptions.Multiline)]
    private static partial Regex Labelled();
}
