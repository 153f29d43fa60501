using Metrics.Configuration;
using Metrics.Model;
using Microsoft.Extensions.Logging.Console;

namespace Metrics.Hosting;

/// <summary>The daemon's own log, on standard output: as people read it, or as JSON.</summary>
internal static class DaemonLog
{
    /// <summary>What the daemon says of itself as a whole.</summary>
    private const string Category = "metricsd";

    /// <summary>Sets it up; levels follow a reload.</summary>
    public static void AddDaemonLog(this WebApplicationBuilder builder, LoggingOptions options)
    {
        builder.Logging.ClearProviders();
        if (options.IsJson)
        {
            builder.Logging.AddConsole(console => console.FormatterName = JsonLogFormatter.FormatterName)
                .AddConsoleFormatter<JsonLogFormatter, ConsoleFormatterOptions>();
        }
        else
        {
            builder.Logging.AddSimpleConsole(console =>
            {
                console.SingleLine = true;
                console.UseUtcTimestamp = true;
                console.TimestampFormat = Timestamp.Pattern + " ";
            });
        }
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning)
            // What keeps us from starting is told in one line of ours; a loop that dies later is logged as critical.
            .AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
        builder.Services.AddOptions<LoggerFilterOptions>().PostConfigure<Current<LoggingOptions>>(Follow);
    }

    /// <summary>Says something of the daemon as a whole: a plain line, or in the log's form where that is JSON.</summary>
    /// <param name="options">The form of the log.</param>
    /// <param name="text">A sentence.</param>
    /// <param name="isError">Whether it is what keeps the daemon from running.</param>
    public static void Say(LoggingOptions options, string text, bool isError = false)
    {
        TextWriter to = isError ? Console.Error : Console.Out;
        to.WriteLine(options.IsJson
            ? JsonLogFormatter.Line(
                TimeProvider.System.GetUtcNow(), isError ? LogLevel.Critical : LogLevel.Information, Category, text, null)
            : text);
    }

    /// <summary>
    /// What each room has said is of no interest stays so, until its category is named; one filter knows what is asked for now.
    /// </summary>
    private static void Follow(LoggerFilterOptions filters, Current<LoggingOptions> current)
    {
        (string Category, LogLevel Level)[] floors =
        [
            .. filters.Rules.Where(r => r is { CategoryName: not null, LogLevel: not null, ProviderName: null })
                .Select(r => (r.CategoryName!, r.LogLevel!.Value)).OrderByDescending(r => r.Item1.Length),
        ];
        filters.MinLevel = LogLevel.Trace;
        filters.Rules.Clear();
        filters.Rules.Add(new LoggerFilterRule(null, null, null, (_, category, level) =>
            current.Value.Writes(category ?? "", level, FloorOf(category ?? ""))));

        LogLevel FloorOf(string category)
        {
            foreach ((string prefix, LogLevel level) in floors)
            {
                if (LoggingOptions.IsBelow(category, prefix))
                    return level;
            }
            return LogLevel.Trace;
        }
    }
}
