using System.Text.Json;
using Metrics.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Metrics.Tests.Hosting;

public sealed class JsonLogFormatterTests
{
    private static readonly DateTimeOffset s_noon = new(2026, 1, 31, 12, 0, 0, 250, TimeSpan.Zero);

    [Fact]
    public void Each_message_is_one_line_whatever_it_holds()
    {
        string line = Write(LogLevel.Warning, "two\nlines, \"quotes\", \e[2J and ü", new InvalidOperationException("it\nbroke"));
        line.Should().EndWith("\n").And.NotContain("\e");
        line.TrimEnd('\n').Should().NotContain("\n").And.Contain("ü");
        JsonElement json = JsonElement.Parse(line);
        json.EnumerateObject().Select(m => m.Name).Should().Equal("time", "level", "category", "message", "exception");
        json.GetProperty("time").GetString().Should().Be("2026-01-31T12:00:00.250Z");
        json.GetProperty("category").GetString().Should().Be("Metrics.Some");
        json.GetProperty("message").GetString().Should().Be("two\nlines, \"quotes\", \e[2J and ü");
        json.GetProperty("exception").GetString().Should().Contain("InvalidOperationException").And.Contain("it\nbroke");
    }

    [Theory]
    [InlineData(LogLevel.Trace, "debug")]
    [InlineData(LogLevel.Debug, "debug")]
    [InlineData(LogLevel.Information, "info")]
    [InlineData(LogLevel.Warning, "warn")]
    [InlineData(LogLevel.Error, "error")]
    [InlineData(LogLevel.Critical, "critical")]
    public void Levels_have_the_names_that_the_configuration_has(LogLevel level, string name)
    {
        JsonElement json = JsonElement.Parse(Write(level, "m", null));
        json.GetProperty("level").GetString().Should().Be(name);
        json.TryGetProperty("exception", out _).Should().BeFalse();
    }

    private static string Write(LogLevel level, string message, Exception? exception)
    {
        using var to = new StringWriter();
        var entry = new LogEntry<string>(level, "Metrics.Some", 7, message, exception, (state, _) => state);
        new JsonLogFormatter(new FakeTimeProvider(s_noon)).Write(entry, null, to);
        return to.ToString();
    }
}
