using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using Metrics.Alerting;
using Metrics.Model;
using Metrics.Routing;
using Metrics.Series;
using Metrics.Text;
using Route = Metrics.Routing.Route;

namespace Metrics.IntegrationTests;

/// <summary>The same configuration and the same alerts in a real Alertmanager and in us: same receivers, same groups.</summary>
public sealed class RoutingTests(ITestOutputHelper output)
{
    private const int AlertsEach = 300;
    private const int AskedOfAmtool = 12;
    private const int RandomTrees = 8;

    [Fact]
    public async Task Every_alert_goes_to_the_receivers_and_into_the_groups_that_Alertmanager_chooses()
    {
        Component.Need("amtool");
        Component.Need("prometheus-alertmanager");
        string folder = Directory.CreateTempSubdirectory("am").FullName;
        List<string> files =
            [.. Directory.GetFiles(Cases.Own("routes"), "*.yml").Order(StringComparer.Ordinal),
                .. Cases.Extra("rules", "", "*.y*ml").Where(IsAlertmanagers)];
        for (int seed = 0; seed < RandomTrees; seed++)
        {
            string file = Path.Combine(folder, $"random-{seed}.yml");
            await File.WriteAllTextAsync(file, RandomTree(new Random(seed)));
            files.Add(file);
        }
        (int alerts, int places, int asked) = (0, 0, 0);
        List<string> refused = [];
        foreach (string file in files)
        {
            (int code, string said) = await Component.RunAsync("amtool", "", "check-config", file);
            if (code != 0)
            {
                refused.Add($"{Path.GetFileName(file)}: {said.ReplaceLineEndings(" ")}");
                continue;
            }
            Route root = ReadRoute(file);
            List<Labels> sent = Alerts(root, new Random(1));
            foreach (Labels alert in sent.Take(AskedOfAmtool))
            {
                string theirs =
                    (await Component.RunAsync("amtool", "",
                        ["config", "routes", "test", $"--config.file={file}",
                        .. ((IEnumerable<Label>)alert).Select(l => $"{l.Name}={l.Value}")])).Output.Split('\n')[0].Trim();
                string.Join(',', root.Match(alert).Select(r => r.Receiver)).Should().Be(theirs, $"{Path.GetFileName(file)}: {alert}");
                asked++;
            }
            List<string> ours =
                [.. sent.SelectMany(a => root.Match(a).Select(r => $"{r.Receiver} {r.GroupOf(a)} {a.Fingerprint()}")).Distinct()
                    .Order(StringComparer.Ordinal)];
            List<string> theirGroups = await GroupsOfAlertmanagerAsync(folder, file, sent, ours.Count);
            ours.Except(theirGroups).Concat(theirGroups.Except(ours)).Should().BeEmpty(Path.GetFileName(file));
            (alerts, places) = (alerts + sent.Count, places + ours.Count);
        }
        output.WriteLine($"{files.Count - refused.Count} configurations: {alerts} alerts in {places} places, as Alertmanager has them; "
            + $"amtool was asked for {asked} of them");
        refused.ForEach(r => output.WriteLine($"refused by amtool too: {r}"));
        alerts.Should().BeGreaterThan(1000);
    }

    private static bool IsAlertmanagers(string file)
    {
        string text = File.ReadAllText(file);
        return text.Contains("receivers:", StringComparison.Ordinal)
            && text.Split('\n').Any(l => l.StartsWith("route:", StringComparison.Ordinal));
    }

    /// <summary>The routing part of an Alertmanager's configuration.</summary>
    private static Route ReadRoute(string file)
    {
        var problems = new List<Problem>();
        var top = new YamlSection((YamlMap)YamlComposer.Compose(File.ReadAllText(file), file, problems)!, file, "", problems);
        Route root = RoutingReader.Read(top, [.. top.Sections("receivers").Select(r => r.Text("name")!)]).Root;
        problems.Should().BeEmpty();
        return root;
    }

    private static async Task<List<string>> GroupsOfAlertmanagerAsync(string folder, string config, List<Labels> alerts, int expected)
    {
        int port = Daemon.FreePort();
        string data = Directory.CreateTempSubdirectory("amdata").FullName;
        using Component alertmanager =
            Component.Start(
                folder, "prometheus-alertmanager", $"--config.file={config}", $"--storage.path={data}",
                $"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=");
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        await Eventually.Async(
            async () => (await http.GetAsync(new Uri("/-/ready", UriKind.Relative))).IsSuccessStatusCode, "Alertmanager is ready");
        using HttpResponseMessage posted =
            await http.PostAsJsonAsync("/api/v2/alerts", alerts.Select(a => new { labels = a.ToDictionary(l => l.Name, l => l.Value) }));
        posted.IsSuccessStatusCode.Should().BeTrue(await posted.Content.ReadAsStringAsync());
        List<string> groups = [];
        await Eventually.Async(
            async () =>
            (groups = Read(await http.GetFromJsonAsync<JsonElement>("/api/v2/alerts/groups"))).Count >= expected,
                "Alertmanager has put every alert into its groups");
        return groups;
    }

    private static List<string> Read(JsonElement groups) =>
    [
        .. groups.EnumerateArray().SelectMany(g => g.GetProperty("alerts").EnumerateArray().Select(a =>
            $"{g.GetProperty("receiver").GetProperty("name").GetString()} "
                + $"{Labels.Of([.. g.GetProperty("labels").EnumerateObject().Select(l => new Label(l.Name, l.Value.GetString()!))])} "
                + $"{a.GetProperty("fingerprint").GetString()}"))
            .Distinct().Order(StringComparer.Ordinal),
    ];

    /// <summary>Alerts whose labels are those that the tree speaks of, with values that match, nearly match, or do not.</summary>
    private static List<Labels> Alerts(Route root, Random random)
    {
        Dictionary<string, string[]> values = root.All().SelectMany(r => r.Matchers)
            .GroupBy(m => m.Name)
                .ToDictionary(
                g => g.Key, g =>
                g.SelectMany(m => m.Kind is MatchKind.Regex or MatchKind.NotRegex ? m.Value.Trim('^', '$', '(', ')').Split('|') : [m.Value])
                    .Append("other").Append("").Distinct().ToArray());
        foreach (string name in root.All().SelectMany(r => r.GroupBy ?? new HashSet<string>()).Append("alertname"))
            values.TryAdd(name, ["one", "two", ""]);
        return
        [
            .. Enumerable.Range(0, AlertsEach)
                .Select(i =>
                Labels.Of(
                    [.. values.Select(v => new Label(v.Key, v.Value[random.Next(v.Value.Length)])),
                    new Label("n", i.ToString(CultureInfo.InvariantCulture))])),
        ];
    }

    private static string RandomTree(Random random)
    {
        string[] signs = ["=", "!=", "=~", "!~"], values = ["1", "2", "3", "", "1|2", "2|3"];
        string Matcher() => $"'{"abcd"[random.Next(4)]}{signs[random.Next(4)]}\"{values[random.Next(6)]}\"'";
        string Node(int depth, string indent)
        {
            string group =
                random.Next(4) switch { 0 => $"\n{indent}group_by: [ {new[] { "a", "b", "'...'", "a, c" }[random.Next(4)]} ]", _ => "" };
            string matchers = depth == 0
                ? ""
                : $"\n{indent}matchers: [ {string.Join(", ", Enumerable.Range(0, random.Next(1, 3)).Select(_ => Matcher()))} ]";
            string goesOn = depth > 0 && random.Next(3) == 0 ? $"\n{indent}continue: true" : "";
            string below = depth == 3
                ? ""
                : string.Concat(
                Enumerable.Range(0, random.Next(depth == 0 ? 2 : 0, 4)).Select(_ => $"\n{indent}- {Node(depth + 1, indent + "  ")}"));
            return $"receiver: r{random.Next(6)}{group}{matchers}{goesOn}{(below.Length > 0 ? $"\n{indent}routes:{below}" : "")}";
        }
        return $"route:\n  {Node(0, "  ")}\nreceivers: [ {string.Join(", ", Enumerable.Range(0, 6).Select(i => $"{{ name: r{i} }}"))} ]\n";
    }
}
