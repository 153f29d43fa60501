using System.Collections.Concurrent;
using System.Text.Json;
using Metrics.Configuration;
using Metrics.Notifiers;
using Metrics.Text;

namespace Metrics.IntegrationTests;

/// <summary>Texts of receivers in Go's language, beside what Alertmanager makes of them.</summary>
public sealed class MessageTemplateTests(ITestOutputHelper output)
{
    private const string Theirs = "/usr/share/prometheus/alertmanager/*.tmpl";
    private const string Reason = "#! ";
    private const string Failed = "(The template of this message failed";

    private const string Data = """
        {
          "version": "4", "groupKey": "{}:{}", "receiver": "team-x", "status": "firing", "externalURL": "http://am.example:9093",
          "groupLabels": { "alertname": "HostDown" },
          "commonLabels": { "alertname": "HostDown", "severity": "critical", "job": "node", "cluster": "eu 1", "a": "ä€🔥" },
          "commonAnnotations": { "runbook": "https://wiki.example/host?x=1&y=2", "note": "<b>\"a\" & 'b'</b> + c", "path": "a b/ü%41",
            "script": "javascript:alert(1)" },
          "alerts": [
            { "status": "firing",
              "labels": { "alertname": "HostDown", "severity": "critical", "job": "node", "cluster": "eu 1", "a": "ä€🔥", "instance": "a:1" },
              "annotations": { "summary": "a <is> down", "runbook": "https://wiki.example/host?x=1&y=2" },
              "startsAt": "2026-03-05T07:08:09.125Z", "endsAt": "0001-01-01T00:00:00Z",
              "generatorURL": "http://p.example/graph?g0.expr=up+%3D%3D+0&g0.tab=1", "fingerprint": "1b2c3d4e5f607182" },
            { "status": "resolved",
              "labels": { "alertname": "HostDown", "severity": "critical", "job": "node", "cluster": "eu 1", "a": "ä€🔥", "instance": "b:2" },
              "annotations": { "summary": "b is down" }, "startsAt": "2026-03-05T17:00:00Z", "endsAt": "2026-03-05T18:30:15.5Z",
              "generatorURL": "", "fingerprint": "2b2c3d4e5f607182" },
            { "status": "firing",
              "labels": { "alertname": "HostDown", "severity": "critical", "job": "node", "cluster": "eu 1", "a": "ä€🔥", "instance": "c:3" },
              "annotations": {}, "startsAt": "2026-12-31T23:59:59Z", "endsAt": "0001-01-01T00:00:00Z",
              "generatorURL": "http://p.example/", "fingerprint": "3b2c3d4e5f607182" }
          ]
        }
        """;

    [Fact]
    public async Task Amtool_renders_the_same_and_refuses_the_same()
    {
        Component.Need("amtool");
        string folder = Directory.CreateTempSubdirectory("am").FullName, data = Path.Combine(folder, "data.json");
        await File.WriteAllTextAsync(data, Data);
        (string Kind, string Text, string Why)[] all =
            [.. Matrix("text", "message-templates.txt"), .. Matrix("html", "message-templates-html.txt")];
        var theirs = new ConcurrentDictionary<(string, string), string?>();
        await Parallel.ForEachAsync(all, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (one, _) =>
        {
            (int code, string said) = await Component.RunAsync(
                "amtool", "", "template", "render", $"--template.glob={Theirs}",
                $"--template.glob={TestData("*.tmpl")}", $"--template.type={one.Kind}", $"--template.data={data}",
                $"--template.text={one.Text}");
            theirs[(one.Kind, one.Text)] = code == 0 ? said : null;
        });
        MessageTemplates templates = MessageTemplates.Read(
            ConfigurationFile.Parse($"templates: [ '{TestData("*.tmpl")}' ]", []));
        List<string> different = [], explained = [];
        foreach ((string kind, string text, string why) in all)
        {
            string? our = Ours(templates, kind, text, out string? error), their = theirs[(kind, text)]?.TrimEnd('\n');
            if (our?.TrimEnd('\n') != their)
                (why.Length > 0 ? explained : different).Add(
                    $"{kind}: {text}\n  they: {their ?? "refuse it"}\n  we:   {our ?? $"refuse it: {error}"}");
        }
        string reasons = string.Join("; ", all.Select(a => a.Why).Where(w => w.Length > 0).Distinct());
        output.WriteLine($"{all.Length} templates, of which amtool renders {theirs.Values.Count(t => t is not null)}; "
            + $"{different.Count} differ, and {explained.Count} for reasons that are known: {reasons}");
        string.Join('\n', different).Should().BeEmpty();

        // Whoever has a copy of all of their templates gets what they give, the page of a mail among it.
        const string Page = "{{ template \"email.default.html\" . }}|{{ template \"slack.default.fallback\" . }}";
        (_, string page) = await Component.RunAsync(
            "amtool", "", "template", "render", $"--template.glob={Theirs}", "--template.type=html", $"--template.data={data}",
            $"--template.text={Page}");
        Ours(MessageTemplates.Read(ConfigurationFile.Parse($"templates: [ '{Theirs}' ]", [])), "html", Page, out _)?.Trim().Should()
            .Be(page.Trim());
        all.Length.Should().BeGreaterThan(150);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Receivers_of_one_file_get_from_us_what_they_get_from_Alertmanager()
    {
        Component.Need("prometheus-alertmanager");
        string folder = Directory.CreateTempSubdirectory("am").FullName;
        File.Copy(TestData("message-templates.tmpl"), Path.Combine(folder, "mine.tmpl"));
        using WebhookListener ours = new(), theirs = new();
        string file = await File.ReadAllTextAsync(TestData("message-templates.yml"));
        await File.WriteAllTextAsync(Path.Combine(folder, "am.yml"), file.Replace("URL/", theirs.Url, StringComparison.Ordinal));
        int port = Daemon.FreePort();
        using Component alertmanager = Component.Start(
            folder, "prometheus-alertmanager", $"--config.file={folder}/am.yml", $"--storage.path={folder}/data",
            $"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=", "--web.external-url=http://am.example/x");
        using var http = new HttpClient();
        Task ready = Eventually.Async(
            async () => (await http.GetAsync($"http://127.0.0.1:{port}/x/-/ready")).IsSuccessStatusCode, "Alertmanager is ready");
        await using Daemon daemon = await Daemon.StartAsync(
            $"host: {{ enabled: false }}\nrules: {{ shipped: false }}\nexternal_url: http://am.example/x\n"
                + file.Replace("URL/", ours.Url, StringComparison.Ordinal)
                    .Replace("'*.tmpl'", $"'{folder}/*.tmpl'", StringComparison.Ordinal));
        await ready;
        string[] paths = ["/slack", "/plain", "/pagerduty", "/opsgenie/v2/alerts"];
        var compared = new List<string>();
        foreach (string alerts in new[] { Posted(""), Posted(", \"endsAt\": \"2026-03-05T08:00:00Z\"") })
        {
            foreach (string url in new[] { $"http://127.0.0.1:{port}/x/api/v2/alerts", daemon.Url("/api/v2/alerts") })
            {
                using var body = new StringContent(alerts, System.Text.Encoding.UTF8, "application/json");
                (await http.PostAsync(url, body)).EnsureSuccessStatusCode();
            }
            string state = alerts.Contains("endsAt", StringComparison.Ordinal) ? "RESOLVED" : "FIRING";
            // Opsgenie is told of an end without a text.
            foreach (string path in state == "FIRING" ? paths : paths[..3])
            {
                JsonElement our = await NewestAsync(ours, path, state), their = await NewestAsync(theirs, path, state);
                compared.AddRange(Leaves(their, path).Select(leaf => leaf.Path));
                string.Join('\n', Leaves(their, path).Except(Leaves(our, path)).Where(l => !IsOurs(l.Path))).Should()
                    .BeEmpty($"we send {our}");
            }
        }
        output.WriteLine($"{compared.Count} texts of {ours.Accepted.Count} messages are the same");
        Directory.Delete(folder, recursive: true);
    }

    private static string Posted(string more) => $$"""
        [
          { "labels": { "alertname": "HostDown", "severity": "critical", "instance": "a:1", "team": "db", "user": "<!channel> & *x*" },
            "annotations": { "summary": "a is down", "runbook": "https://wiki.example/a?b=1&c=2" },
            "startsAt": "2026-03-05T07:08:09.125Z", "generatorURL": "http://p.example/graph?g0.expr=up+%3D%3D+0&g0.tab=1"{{more}} }
        ]
        """;

    /// <summary>Where the file says nothing we say otherwise. Alertmanager 0.25 knows no <c>source</c> of PagerDuty's.</summary>
    private static bool IsOurs(string path) => path is "/pagerduty.payload.source" or "/pagerduty.payload.custom_details.firing"
        or "/pagerduty.payload.custom_details.resolved";

    private static async Task<JsonElement> NewestAsync(WebhookListener listener, string path, string state)
    {
        WebhookListener.Message? found = null;
        await Eventually.Async(
            () => Task.FromResult((found = listener.Accepted.FirstOrDefault(
                m => m.Path == path && m.Body.Contains(state, StringComparison.Ordinal))) is not null),
            $"{path} hears of {state}; came: {string.Join(" | ", listener.Accepted.Select(m => $"{m.Path} {m.Body.Length}"))}");
        return found!.Json;
    }

    private static IEnumerable<(string Path, string Value)> Leaves(JsonElement json, string path) => json.ValueKind switch
    {
        JsonValueKind.Object => json.EnumerateObject().SelectMany(p => Leaves(p.Value, $"{path}.{p.Name}")),
        JsonValueKind.Array => json.EnumerateArray().SelectMany((e, i) => Leaves(e, $"{path}[{i}]")),
        JsonValueKind.Null => [],
        // What is empty may as well not be there.
        JsonValueKind.String when json.GetString()!.Length == 0 => [],
        _ => [(path, json.ToString())],
    };

    /// <summary>The templates of a file; before one that differs stands why.</summary>
    private static IEnumerable<(string Kind, string Text, string Why)> Matrix(string kind, string file)
    {
        foreach (string block in File.ReadAllText(TestData(file)).TrimEnd('\n').Split("\n%%\n"))
        {
            string[] parts = block.StartsWith(Reason, StringComparison.Ordinal) ? block.Split('\n', 2) : ["", block];
            yield return (kind, parts[1], parts[0].Replace(Reason, "", StringComparison.Ordinal));
        }
    }

    private static string TestData(string file) => Path.Combine(Cases.Repository, "tests", "Metrics.IntegrationTests", "testdata", file);

    /// <summary>What we make of a text; null where it is refused when it is loaded, or fails.</summary>
    private static string? Ours(MessageTemplates templates, string kind, string text, out string? error)
    {
        var problems = new List<Problem>();
        YamlSection section = ConfigurationFile.Parse($"text: {JsonSerializer.Serialize(text)}", problems);
        MessageTemplate? template = MessageTemplate.Read(section, "text", templates, isHtml: kind == "html");
        string? said = template?.Render(AlertMessage.FromJson(Data), _ => "", TimeProvider.System);
        error = said ?? problems.FirstOrDefault()?.Message;
        return said?.Contains(Failed, StringComparison.Ordinal) == true ? null : said;
    }
}
