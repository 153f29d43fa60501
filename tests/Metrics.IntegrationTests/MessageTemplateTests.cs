using System.Collections.Concurrent;
using System.Text.Json;
using Metrics.Configuration;
using Metrics.Notifiers;
using Metrics.Text;

namespace Metrics.IntegrationTests;

/// <summary>Texts of receivers in Go's language, beside what Alertmanager makes of them.</summary>
public sealed class MessageTemplateTests(ITestOutputHelper output)
{
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
            { "status": "firing", "labels": { "alertname": "HostDown", "severity": "critical", "job": "node", "cluster": "eu 1", "a": "ä€🔥", "instance": "a:1" },
              "annotations": { "summary": "a <is> down", "runbook": "https://wiki.example/host?x=1&y=2" },
              "startsAt": "2026-03-05T07:08:09.125Z", "endsAt": "0001-01-01T00:00:00Z",
              "generatorURL": "http://p.example/graph?g0.expr=up+%3D%3D+0&g0.tab=1", "fingerprint": "1b2c3d4e5f607182" },
            { "status": "resolved", "labels": { "alertname": "HostDown", "severity": "critical", "job": "node", "cluster": "eu 1", "a": "ä€🔥", "instance": "b:2" },
              "annotations": { "summary": "b is down" }, "startsAt": "2026-03-05T17:00:00Z", "endsAt": "2026-03-05T18:30:15.5Z",
              "generatorURL": "", "fingerprint": "2b2c3d4e5f607182" },
            { "status": "firing", "labels": { "alertname": "HostDown", "severity": "critical", "job": "node", "cluster": "eu 1", "a": "ä€🔥", "instance": "c:3" },
              "annotations": {}, "startsAt": "2026-12-31T23:59:59Z", "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "http://p.example/", "fingerprint": "3b2c3d4e5f607182" }
          ]
        }
        """;

    [Fact]
    public async Task Amtool_renders_the_same_and_refuses_the_same()
    {
        Component.Need("amtool");
        string folder = Directory.CreateTempSubdirectory("am").FullName, data = Path.Combine(folder, "data.json");
        await File.WriteAllTextAsync(data, Data);
        (string Kind, string Text, string Why)[] all = [.. Matrix("text", "message-templates.txt"), .. Matrix("html", "message-templates-html.txt")];
        var theirs = new ConcurrentDictionary<(string, string), string?>();
        await Parallel.ForEachAsync(all, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (one, _) =>
        {
            (int code, string said) = await Component.RunAsync(
                "amtool", "", "template", "render", "--template.glob=/usr/share/prometheus/alertmanager/*.tmpl",
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
                (why.Length > 0 ? explained : different).Add($"{kind}: {text}\n  they: {their ?? "refuse it"}\n  we:   {our ?? $"refuse it: {error}"}");
        }
        output.WriteLine($"{all.Length} templates, of which amtool renders {theirs.Values.Count(t => t is not null)}; {different.Count} differ, and "
            + $"{explained.Count} for reasons that are known: {string.Join("; ", all.Select(a => a.Why).Where(w => w.Length > 0).Distinct())}");
        string.Join('\n', different).Should().BeEmpty();
        all.Length.Should().BeGreaterThan(150);
        Directory.Delete(folder, recursive: true);
    }

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
