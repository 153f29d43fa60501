using System.Globalization;
using Metrics.Alerting;
using Metrics.Configuration;
using Metrics.Hosting;
using Metrics.Pollers.Probes;
using Metrics.Pollers.Scrape;
using Metrics.Text;
using Metrics.Rules;
using Metrics.Storage;
using Metrics.Storage.Samples.DuckDb;
using Metrics.Telemetry;

namespace Metrics.Cli;

/// <summary>The commands of <c>metricsd</c>. Exit codes: 0 all well, 1 something is wrong with what was looked at, 2 wrong use or configuration.</summary>
internal static class CommandLine
{
    private const string Help = """
        metricsd watches a cloud from the metal up.

        usage: metricsd [COMMAND] [--config FILE]

          run                       watch (the default)
          check                     check the configuration and its rule files, and say what a reload would restart; --url ADDRESS
          query EXPR                ask the running daemon a PromQL expression; --at TIME, --range 1h, --step 15s, --url ADDRESS
          silence add MATCHER...    tell nobody of alerts that match; --comment TEXT, --duration 2h, --author NAME, --url ADDRESS
          silence list              silences that have not ended
          silence expire ID...      end silences now
          routes test LABEL=VALUE...  who would be told of an alert with these labels
          explain ALERT             why somebody was told of an alert, or not: HostDown{host="a"}; --url ADDRESS
          rules check FILE...       check rule files
          rules replay [FILE...]    what rules would have done with stored samples, and how many messages each person would have got;
                                    --from 7d, --to TIME, --compare OLD_FILE, --url ADDRESS
          rules test FILE...        run unit tests of rules, in promtool's format
          check metrics [FILE]      check a Prometheus or OpenMetrics page (from standard input without FILE)
          export --output FILE      write samples as Parquet; --from, --to (times, or 7d for seven days ago), --metric NAME
          version                   print the version
          help                      print this

        Without --config, metrics.yaml of the current folder is used when it is there. Any key can also be set by environment:
        METRICS__STORAGE__PATH sets storage.path. The configuration is described in docs/configuration.md.
        """;

    /// <summary>Runs a command.</summary>
    /// <param name="args">The words behind <c>metricsd</c>.</param>
    /// <param name="run">Runs the daemon.</param>
    public static async Task<int> RunAsync(string[] args, Func<ConfigurationSource, Task<int>> run)
    {
        if (!TryTakeOptions(args, out List<string> words, out Dictionary<string, string> options, out string? error))
            return Misused(error!);
        var source = new ConfigurationSource(options.GetValueOrDefault("config"));
        try
        {
            switch (words)
            {
                case [] or ["run"]:
                    return await run(source);
                case ["check"]:
                    return await CheckAsync(source, options.GetValueOrDefault("url"));
                case ["check", "metrics", .. var files] when files.Count <= 1:
                    return MetricsCheck.Run(files.Count == 0 ? null : files[0]);
                case ["rules", "check", .. var files] when files.Count > 0:
                    return CheckRules(files);
                case ["rules", "test", .. var files] when files.Count > 0:
                    return RuleTestCommand.Run(files);
                case ["rules", "replay", .. var files]:
                    return await ReplayCommand.RunAsync(source.Load(), files, options);
                case ["query", var expression]:
                    return await QueryCommand.RunAsync(source.Load(), expression, options);
                case ["silence", .. var rest]:
                    return await SilenceCommand.RunAsync(source.Load(), rest, options);
                case ["explain", var alert]:
                    return await ExplainCommand.RunAsync(source.Load(), alert, options);
                case ["routes", "test", .. var labels]:
                    return RouteTestCommand.Run(source.Load(), labels);
                case ["export"] when options.ContainsKey("output"):
                    return await ExportAsync(source.Load(), options);
                case ["version"]:
                    Console.WriteLine($"metricsd {VersionText.Product} (.NET {Environment.Version})");
                    return 0;
                case ["help"]:
                    Console.WriteLine(Help);
                    return 0;
                default:
                    return Misused(words is ["rules", ..] ? "metricsd: rules takes: check FILE..., test FILE... or replay [FILE...]" : words is ["query", ..] ? "metricsd: query takes one expression, in quotes" : words is ["export"] ? "metricsd: export needs --output FILE" : $"metricsd: '{string.Join(' ', words)}' is not a command");
            }
        }
        catch (ConfigurationException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return 2;
        }
        catch (StoreException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return 2;
        }
    }

    private static async Task<int> CheckAsync(ConfigurationSource source, string? url)
    {
        MetricsOptions options = source.Load();
        IReadOnlyList<RuleGroup> groups = RuleSet.Load(options.Rules);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"The configuration is valid: {options.Targets.OfType<ScrapeJob>().Count()} scrape jobs, {options.Targets.OfType<ProbeJob>().Count()} probe jobs, {groups.Sum(g => g.Alerting.Count())} alerting and {groups.Sum(g => g.Recording.Count())} recording rules."));
        await ReloadCheck.PrintAsync(options, url);
        return 0;
    }

    private static int CheckRules(IEnumerable<string> files)
    {
        int wrong = 0;
        foreach (string file in files)
        {
            var problems = new List<Problem>();
            IReadOnlyList<RuleGroup> groups = RuleSet.Load([file], problems);
            problems.ForEach(p => Console.Error.WriteLine(p));
            wrong += problems.Count;
            if (problems.Count == 0)
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{file}: {groups.Count} groups, {groups.Sum(g => g.Alerting.Count())} alerting and {groups.Sum(g => g.Recording.Count())} recording rules are valid"));
        }
        return wrong == 0 ? 0 : 1;
    }

    private static async Task<int> ExportAsync(MetricsOptions options, Dictionary<string, string> given)
    {
        string output = Path.GetFullPath(given["output"]);
        if (!ExportRange.TryParse(given.GetValueOrDefault("from"), given.GetValueOrDefault("to"), TimeProvider.System.GetUtcNow(), out ExportRange range, out string? error))
            return Misused($"metricsd: {error}");
        if (await TryExportFromDaemonAsync(options, given, output))
            return 0;
        await using var store = new DuckDbStore(options.Storage, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger<DuckDbStore>.Instance);
        await store.OpenAsync(CancellationToken.None);
        long rows = store.ExportParquet(output, range.From, range.To, given.GetValueOrDefault("metric"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{output}: {rows} samples"));
        return 0;
    }

    /// <summary>A running daemon holds the file; then it does the work.</summary>
    private static async Task<bool> TryExportFromDaemonAsync(MetricsOptions options, Dictionary<string, string> given, string output)
    {
        using var http = new HttpClient();
        string query = string.Join('&', given.Where(g => g.Key is "from" or "to" or "metric").Select(g => $"{g.Key}={Uri.EscapeDataString(g.Value)}"));
        var request = new HttpRequestMessage(HttpMethod.Get, $"http://{options.Listen}/export?{query}");
        if (options.Auth.Tokens is [var token, ..])
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token.Token.Reveal()}");
        HttpResponseMessage response;
        try
        {
            response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        }
        catch (HttpRequestException)
        {
            return false;
        }
        using (response)
        {
            if (!response.IsSuccessStatusCode)
                throw new StoreException($"metricsd at {options.Listen} refuses the export: {(await response.Content.ReadAsStringAsync()).Trim()}");
            await using FileStream file = File.Create(output);
            await response.Content.CopyToAsync(file);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{output}: {file.Length} bytes, written by the running daemon"));
            return true;
        }
    }

    private static bool TryTakeOptions(string[] args, out List<string> words, out Dictionary<string, string> options, out string? error)
    {
        string[] known = ["config", "output", "from", "to", "metric", "at", "range", "step", "url", "comment", "duration", "author", "compare"];
        (words, options, error) = ([], [], null);
        for (int i = 0; i < args.Length; i++)
        {
            if (args[i] is "--help" or "-h")
            {
                words = ["help"];
                return true;
            }
            if (!args[i].StartsWith("--", StringComparison.Ordinal))
            {
                words.Add(args[i]);
                continue;
            }
            string[] parts = args[i][2..].Split('=', 2);
            string? value = parts.Length == 2 ? parts[1] : i + 1 < args.Length ? args[++i] : null;
            if (!known.Contains(parts[0]))
                error = $"metricsd: --{parts[0]} is not an option" + (Spelling.Nearest(parts[0], known) is { } near ? $"; did you mean --{near}?" : "");
            else if (value is null)
                error = $"metricsd: --{parts[0]} needs a value";
            else
                options[parts[0]] = value;
            if (error is not null)
                return false;
        }
        return true;
    }

    private static int Misused(string error)
    {
        Console.Error.WriteLine(error);
        Console.Error.WriteLine("Try 'metricsd help'.");
        return 2;
    }
}
