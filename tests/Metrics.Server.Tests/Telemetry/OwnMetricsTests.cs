using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using Metrics.Hosting;
using Metrics.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Metrics.Tests.Telemetry;

/// <summary>What is shown is written by somebody: own metrics, and the fields of the API's answers.</summary>
public sealed partial class OwnMetricsTests
{
    private const string Writer = "System.Text.Json.Utf8JsonWriter.";
    private const string Registry = "Metrics.Telemetry.MetricRegistry";

    /// <summary>
    /// Fields that the protocols ask for and that have nothing to say here, or are there only when they hold; of every kind of answer
    /// <c>status</c> and <c>type</c> besides, which say which one it is.
    /// </summary>
    private static readonly string[] s_constants =
    [
        "branch=metricsd", "buildDate=", "buildUser=", "goVersion=", "metricsd_state=no data",
    ];

    private static readonly IReadOnlyList<MethodIl> s_methods = Read();

    /// <summary>The classes in which rooms declare their metrics.</summary>
    private static readonly Type[] s_rooms = [.. typeof(OwnMetrics).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(OwnMetrics)))];

    private static readonly HashSet<string> s_roomNames = [.. s_rooms.Select(r => r.FullName!)];

    [Fact]
    public void Every_own_metric_is_written_by_somebody()
    {
        HashSet<string> called = [.. s_methods.SelectMany(m => m.Body).Select(i => i.Called).OfType<string>()];
        string[] metrics = [.. s_rooms.SelectMany(r => MetricsOf(r).Select(m => $"{r.FullName}.get_{m.Name}"))];
        metrics.Should().HaveCountGreaterThan(60);
        metrics.Where(m => !called.Contains(m)).Should().BeEmpty("a metric that nobody sets tells of nothing");
    }

    [Fact]
    public void A_metric_is_declared_nowhere_but_as_a_property_of_its_rooms_class()
    {
        ILookup<string, string> declared = s_methods
            .SelectMany(m => m.Body.Where(i => IsDeclaration(i.Called)).Select(i => (m.Type, i.Called)))
            .ToLookup(d => d.Type, d => d.Called!);
        declared.Select(d => d.Key).Should().BeEquivalentTo(s_rooms.Where(r => MetricsOf(r).Length > 0).Select(r => r.FullName));
        foreach (Type room in s_rooms)
            declared[room.FullName!].Should().HaveSameCount(MetricsOf(room), room.Name);
    }

    [Fact]
    public async Task Every_class_of_metrics_is_on_the_page_from_the_start()
    {
        await using WebApplication app = Daemon();
        app.Services.GetServices<OwnMetrics>().Select(m => m.GetType()).Should()
            .BeEquivalentTo(s_rooms.Where(r => !r.IsAbstract), "AddOwnMetrics registers them");
        string page = await PageAsync(app);
        string now = string.Concat(page.Split('\n').Where(l => l.StartsWith('#')).Order(StringComparer.Ordinal).Select(l => l + "\n"));
        string file = Path.Combine(Cases.Repository, "tests", "Metrics.Server.Tests", "Telemetry", "testdata", "own_metrics.expected");
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
            await File.WriteAllTextAsync(file, now);
        else
            now.Should().Be(await File.ReadAllTextAsync(file), "people's rules and dashboards name them; UPDATE_GOLDEN=1 writes it");
    }

    [Theory]
    [InlineData("polls_total", "polls_total does not begin with metricsd_*")]
    [InlineData("metricsd_polls_total", "metricsd_polls_total is declared twice*")]
    public void A_name_that_is_not_ours_or_is_taken_is_refused(string name, string error)
    {
        var registry = new MetricRegistry();
        registry.Counter("metricsd_polls_total", "Polls.");
        Action again = () => registry.Gauge(name, "Polls once more.");
        again.Should().Throw<ArgumentException>().WithMessage(error);
    }

    [Fact]
    public async Task Every_value_of_a_label_that_is_there_from_the_start_is_counted_by_somebody()
    {
        HashSet<string> literals =
            [.. s_methods.Where(m => !s_roomNames.Contains(m.Type)).SelectMany(m => m.Body).Select(i => i.Text).OfType<string>()];
        await using WebApplication app = Daemon();
        (string Metric, string Value)[] values =
        [
            .. Labelled().Matches(await PageAsync(app))
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

    /// <summary>The daemon, put together and not started.</summary>
    private static WebApplication Daemon()
    {
        var source = new ConfigurationSource(null);
        return Program.Build(source, source.Load());
    }

    private static async Task<string> PageAsync(WebApplication app)
    {
        using var page = new MemoryStream();
        await app.Services.GetRequiredService<MetricRegistry>().WriteAsync(page, CancellationToken.None);
        return Encoding.UTF8.GetString(page.ToArray());
    }

    /// <summary>The metrics that a class declares itself.</summary>
    private static PropertyInfo[] MetricsOf(Type room) =>
    [
        .. room.GetProperties(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.DeclaredOnly)
            .Where(p => IsMetric(p.PropertyType)),
    ];

    private static bool IsMetric(Type type) =>
        type == typeof(Counter) || type == typeof(Gauge) || type == typeof(Histogram)
        || (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Labelled<>));

    private static bool IsDeclaration(string? called) =>
        called is Registry + ".Counter" or Registry + ".Gauge" or Registry + ".Histogram";

    private static IReadOnlyList<MethodIl> Read()
    {
        using var reader = new AssemblyReader(typeof(OwnMetrics).Assembly);
        return [.. reader.Methods()];
    }

    [GeneratedRegex("^(metricsd_[a-z_]+)\\{(?!le=)[a-z_]+=\"([^\"]+)\"\\}", RegexOptions.Multiline)]
    private static partial Regex Labelled();
}
