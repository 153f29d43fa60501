namespace Metrics.IntegrationTests;

/// <summary>
/// Files of three companies, each of another taste: what <c>metricsd migrate</c> makes of them tells the same people of the same things as
/// the real Prometheus, Alertmanager and blackbox_exporter with the files as they were.
/// </summary>
public sealed class MigrationTests
{
    private const string Busy = """
        queue_depth{queue="a"} 500
        queue_depth{queue="b"} 60
        disk_free_ratio{mount="/srv"} 0.05
        noise_level 7

        """;

    private const string Calm = """
        queue_depth{queue="a"} 3
        queue_depth{queue="b"} 60
        disk_free_ratio{mount="/srv"} 0.5
        noise_level 7

        """;

    [Theory]
    // QueueDeep to two hooks and QueueWarm of the queue that no QueueDeep inhibits; who is muted hears nothing.
    [InlineData("matchers", 6, 7)]
    // Nobody hears of the test system, and what relabelling drops is nowhere.
    [InlineData("oldwords", 2, 4)]
    // Two sites, one of them by its status, and a port.
    [InlineData("probes", 4, 5)]
    public async Task The_same_people_are_told_of_the_same(string taste, int atFirst, int inAll)
    {
        Component.Need("prometheus");
        Component.Need("prometheus-alertmanager");
        Component.Need("prometheus-blackbox-exporter");
        using PageServer one = new(Busy), two = new("queue_depth{queue=\"a\"} 700\n");
        bool isBurning = true;
        using var site = new LocalServer(async context =>
        {
            if (context.Request.Url!.AbsolutePath == "/missing")
                context.Response.StatusCode = 404;
            bool burns = isBurning && context.Request.Url.AbsolutePath == "/burning";
            await context.Response.OutputStream.WriteAsync(burns ? "on fire"u8.ToArray() : "well"u8.ToArray());
        });
        using WebhookListener ours = new(), theirs = new();
        (int alertmanager, int blackbox, int port) = (Daemon.FreePort(), Daemon.FreePort(), Daemon.FreePort());
        string Fill(string text, WebhookListener hook) => text
            .Replace("@hook@", hook.Url, StringComparison.Ordinal).Replace("@site@", site.Url, StringComparison.Ordinal)
            .Replace("@one@", $"127.0.0.1:{one.Port}", StringComparison.Ordinal)
            .Replace("@two@", $"127.0.0.1:{two.Port}", StringComparison.Ordinal)
            .Replace("@alertmanager@", $"127.0.0.1:{alertmanager}", StringComparison.Ordinal)
            .Replace("@blackbox@", $"127.0.0.1:{blackbox}", StringComparison.Ordinal);
        string before = await CopyAsync(taste, text => Fill(WithoutCluster(text), theirs));
        string given = await CopyAsync(taste, text => Fill(text, ours));
        bool hasProbes = File.Exists($"{before}/blackbox.yml");
        using Component? exporter = hasProbes ? Component.Start(
            before, "prometheus-blackbox-exporter", "--config.file=blackbox.yml", $"--web.listen-address=127.0.0.1:{blackbox}") : null;
        using Component notifier = Component.Start(before, "prometheus-alertmanager", "--config.file=alertmanager.yml",
            $"--storage.path={before}/am", $"--web.listen-address=127.0.0.1:{alertmanager}", "--cluster.listen-address=");
        using Component prometheus = Component.Start(before, "prometheus", "--config.file=prometheus.yml",
            $"--storage.tsdb.path={before}/data", $"--web.listen-address=127.0.0.1:{port}");

        IEnumerable<string> files =
            new[] { "prometheus.yml", "alertmanager.yml", "blackbox.yml" }.Select(f => $"{given}/{f}").Where(File.Exists);
        (int _, string said) = await Daemon.RunAsync(given, ["migrate", .. files, "--to", $"{given}/metrics.yaml"]);
        said.Should().NotContain("not valid");
        if (taste == "probes")
        {
            said.Should().Contain("job 'kubernetes-pods': kubernetes_sd_configs is not supported")
                .And.Contain("job 'sites' is a probe: module 'site', 3 targets")
                .And.Contain("job 'ports' goes on asking blackbox_exporter: its relabel_configs do more than name the target");
        }
        else
            said.Should().NotContain("Left out:");
        await using Daemon daemon =
            await Daemon.StartAsync("host: { enabled: false }\n" + await File.ReadAllTextAsync($"{given}/metrics.yaml"));

        await UntilSameAsync(atFirst);
        (one.Page, isBurning) = (Calm, false);
        await UntilSameAsync(inAll);

        async Task UntilSameAsync(int count)
        {
            List<string> our = [], their = [];
            try
            {
                await Eventually.Async(() =>
                {
                    (our, their) = (Told(ours), Told(theirs));
                    return Task.FromResult(their.Count == count && our.SequenceEqual(their));
                }, "both tell the same");
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                our.Should().Equal(their, e.Message);
                their.Should().HaveCount(count, string.Join('\n', their));
            }
        }
    }

    /// <summary>The build of Prometheus that distributions have knows no Kubernetes.</summary>
    private static string WithoutCluster(string text)
    {
        int begin = text.IndexOf("  # begin of the cluster", StringComparison.Ordinal);
        int end = text.IndexOf("  # end of the cluster", StringComparison.Ordinal);
        return begin < 0 ? text : text[..begin] + text[end..];
    }

    private static async Task<string> CopyAsync(string taste, Func<string, string> fill)
    {
        string from = Cases.Own(Path.Combine("migration", taste)), to = Directory.CreateTempSubdirectory("migration").FullName;
        foreach (string file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            await File.WriteAllTextAsync(copy, fill(await File.ReadAllTextAsync(file)));
        }
        return to;
    }

    /// <summary>
    /// Who was told of what, each once: a webhook's alerts, title and text of a message of Slack. Alertmanager tells of the end of one that
    /// was inhibited as long as it fired, where it ends together with what inhibited it; of such nobody hears from us.
    /// </summary>
    private static List<string> Told(WebhookListener hook)
    {
        HashSet<string> all =
            [.. hook.Accepted.SelectMany(m => m.Path == "/slack" ? [Slack(m)] : m.Alerts.Select(a => $"{m.Path}: {a}"))];
        return [.. all.Where(t => !t.Contains(": resolved ", StringComparison.Ordinal)
            || all.Contains(t.Replace(": resolved ", ": firing ", StringComparison.Ordinal))).Order(StringComparer.Ordinal)];
    }

    private static string Slack(WebhookListener.Message message)
    {
        System.Text.Json.JsonElement shown = message.Json.GetProperty("attachments")[0];
        return $"{message.Path}: {message.Json.GetProperty("channel")} {shown.GetProperty("title")}: {shown.GetProperty("text")}";
    }
}
