using Metrics.Configuration;
using Metrics.Hosting;
using Metrics.Tests.Access;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Metrics.Tests.Hosting;

/// <summary>What the daemon writes of itself.</summary>
public sealed class LoggingOptionsTests
{
    [Theory]
    [InlineData("", "Metrics.Inputs.InputRunner", "Information")]
    [InlineData("level: debug", "Metrics.Inputs.InputRunner", "Debug")]
    [InlineData("level: debug", "Microsoft.AspNetCore.Routing", "Warning")]
    [InlineData("level: warn", "Metrics.Inputs.InputRunner", "Warning")]
    [InlineData("level: error", "Metrics.Inputs.InputRunner", "Error")]
    [InlineData("level: error", "Microsoft.AspNetCore.Routing", "Error")]
    [InlineData("level: error", "Metrics.Access.TokenHandler", "Error")]
    [InlineData("level: error, levels: { Metrics.Inputs: debug }", "Metrics.Inputs.InputRunner", "Debug")]
    [InlineData("level: error, levels: { Metrics.Input: debug }", "Metrics.Inputs.InputRunner", "Error")]
    [InlineData("levels: { Metrics: error, Metrics.Inputs: debug }", "Metrics.Inputs.InputRunner", "Debug")]
    [InlineData("levels: { Metrics.Inputs.InputRunner: error, Metrics: debug }", "Metrics.Inputs.InputRunner", "Error")]
    [InlineData("levels: { Microsoft.AspNetCore: info }", "Microsoft.AspNetCore.Routing", "Information")]
    [InlineData("levels: { Microsoft.AspNetCore: info }", "Microsoft.AspNetCore.Hosting.Diagnostics", "Warning")]
    [InlineData("levels: { Microsoft.AspNetCore.Hosting.Diagnostics: info }", "Microsoft.AspNetCore.Hosting.Diagnostics", "Information")]
    [InlineData("", "Microsoft.AspNetCore.Antiforgery.DefaultAntiforgery", "Critical")]
    public async Task Of_a_category_what_is_at_least_as_severe_as_is_asked_is_written(string keys, string category, string least)
    {
        await using RunningDaemon daemon = await RunningDaemon.StartAsync($"logging: {{ {keys} }}");
        LeastOf(daemon, category).ToString().Should().Be(least);
    }

    [Fact]
    public async Task A_reload_changes_the_level_at_once()
    {
        await using RunningDaemon daemon = await RunningDaemon.StartAsync("logging: { level: warn }");
        LeastOf(daemon, "Metrics.Rules.RuleEngine").Should().Be(LogLevel.Warning);
        string file = daemon.Services.GetRequiredService<ConfigurationSource>().File!;
        string before = await File.ReadAllTextAsync(file);
        await File.WriteAllTextAsync(file, before.Replace("level: warn", "level: debug", StringComparison.Ordinal));
        (await daemon.AskAsync("POST", "/-/reload")).Status.Should().Be(200);
        LeastOf(daemon, "Metrics.Rules.RuleEngine").Should().Be(LogLevel.Debug);
        await File.WriteAllTextAsync(file, before.Replace("level: warn", "level: loud", StringComparison.Ordinal));
        (await daemon.AskAsync("POST", "/-/reload")).Status.Should().Be(422);
        LeastOf(daemon, "Metrics.Rules.RuleEngine").Should().Be(LogLevel.Debug, "a wrong configuration changes nothing");
    }

    [Theory]
    [InlineData("level: loud", "logging.level is 'loud'; allowed are debug, info, warn, error")]
    [InlineData("format: xml", "logging.format is 'xml'; allowed are text, json")]
    [InlineData("levels: { Metrics: loud }", "logging.levels has 'loud' for Metrics; allowed are debug, info, warn, error")]
    [InlineData("levels: debug", "logging.levels must be a mapping of texts")]
    [InlineData("lvl: debug", "logging.lvl is not a known key")]
    public void What_is_wrong_is_said_with_what_is_allowed(string keys, string problem)
    {
        Action read = () => MetricsOptions.Parse($"logging: {{ {keys} }}");
        read.Should().Throw<ConfigurationException>().WithMessage($"*{problem}*");
    }

    [Fact]
    public void Of_the_section_only_the_form_waits_for_the_next_start()
    {
        MetricsOptions one = MetricsOptions.Parse("logging: { level: info }"), two = MetricsOptions.Parse("logging: { level: warn }");
        MetricsOptions json = MetricsOptions.Parse("logging: { level: info, format: json }");
        two.AtStart.Except(one.AtStart).Should().BeEmpty();
        two.AtOnce.Except(one.AtOnce).Select(s => s.Name).Should().Equal("logging");
        json.AtStart.Except(one.AtStart).Select(s => s.Name).Should().Equal("logging.format");
        json.AtOnce.Except(one.AtOnce).Should().BeEmpty();
    }

    private static LogLevel LeastOf(RunningDaemon daemon, string category)
    {
        ILogger log = daemon.Services.GetRequiredService<ILoggerFactory>().CreateLogger(category);
        return Enum.GetValues<LogLevel>().First(log.IsEnabled);
    }
}
