using System.Text;

namespace Metrics.IntegrationTests.Adversary;

/// <summary>
/// Files of the data folder that are damaged, at the start and while they are used: the daemon goes on, says so, and alerts from the head.
/// Short by itself, all files at once; each file alone with <c>METRICS_DAMAGE_FULL=1</c>.
/// </summary>
public sealed class DamageTests(ITestOutputHelper output)
{
    private const string Rules = """
        groups:
          - name: test
            interval: 200ms
            rules:
              - alert: TooHot
                expr: room_temp
                above: "{{ 30 }}"
        """;

    private static readonly string[] s_files = ["state.db", "metrics.duckdb", "events.duckdb"];

    /// <summary>What is done to a file.</summary>
    private static readonly (string Name, Action<string> Do)[] s_damages =
    [
        ("flip", Flip),
        ("empty", f => Write(f, s => s.SetLength(0))),
        ("folder", f =>
        {
            File.Delete(f);
            Directory.CreateDirectory(f);
        }),
    ];

    private static readonly (string Name, Action<string> Do)[] s_more =
    [
        ("cut", f => Write(f, s => s.SetLength(s.Length / 2))),
        ("replace", f => File.WriteAllText(f, new string('x', 10_000))),
        ("header", f => Write(f, s => s.Write(new byte[90]))),
    ];

    private int _silences;

    private static bool IsFull => Environment.GetEnvironmentVariable("METRICS_DAMAGE_FULL") == "1";

    /// <summary>The files that are damaged together.</summary>
    private static string[][] Sets => IsFull ? [.. s_files.Select(f => (string[])[f]), s_files] : [s_files];

    [Fact]
    public async Task Damage_at_the_start_is_said_and_watching_goes_on()
    {
        await using Daemon daemon = await StartAsync();
        foreach (string[] files in Sets)
        {
            foreach ((string name, Action<string> damage) in IsFull ? [.. s_damages, .. s_more] : s_damages)
            {
                daemon.Kill();
                foreach (string file in files)
                {
                    File.Delete(PathOf(daemon, file) + "-wal");
                    File.Delete(PathOf(daemon, file) + ".wal");
                    damage(PathOf(daemon, file));
                }
                await daemon.StartAgainAsync();
                foreach (string file in files)
                    (await SaysDamageAsync(daemon, file)).Should().BeTrue($"{name} of {file} is said: {daemon.Log}");
                await HoldsAsync(daemon, files, name, "at the start");
            }
        }
    }

    [Fact]
    public async Task Files_that_are_removed_or_replaced_while_they_are_used_are_put_back_with_all_that_was_in_them()
    {
        await using Daemon daemon = await StartAsync();
        string data = Path.Combine(daemon.Folder, "data");
        Directory.Delete(data, true);
        await PutBackAsync(1);
        await HoldsAsync(daemon, s_files, "remove the folder", "running");
        foreach (string file in s_files)
        {
            File.WriteAllText(PathOf(daemon, file) + "-other", new string('x', 10_000));
            File.Move(PathOf(daemon, file) + "-other", PathOf(daemon, file), overwrite: true);
        }
        await PutBackAsync(2);
        await HoldsAsync(daemon, s_files, "replace", "running");

        daemon.Kill();
        await daemon.StartAgainAsync();
        (await daemon.GetAsync("/api/v2/silences")).Should().Contain("silence 1").And.Contain("silence 2").And.Contain("silence 3");
        (await daemon.GetAsync("/api/v1/events")).Should().Contain("event 1").And.Contain("event 2").And.Contain("event 3");
        (await daemon.FederateAsync("room_temp")).Should().HaveCount(3, "the samples are there too");

        async Task PutBackAsync(int times)
        {
            foreach (string file in s_files)
            {
                await Eventually.Async(
                    async () => await daemon.OwnAsync($"metricsd_damage_total{{file=\"{file}\"}}") >= times, $"{file} is put back");
            }
        }
    }

    [Fact]
    public async Task A_state_that_is_damaged_while_it_is_used_is_made_anew_and_no_silence_is_lost()
    {
        await using Daemon daemon = await StartAsync();
        await HoldsAsync(daemon, ["state.db"], "none yet", "running");
        Write(PathOf(daemon, "state.db"), s => s.Write(Encoding.UTF8.GetBytes(new string('x', (int)s.Length))));
        Write(PathOf(daemon, "state.db") + "-wal", s => s.Write(Encoding.UTF8.GetBytes(new string('x', (int)s.Length))));
        await Eventually.Async(async () =>
        {
            await daemon.GetAsync("/api/v1/audit");
            return await SaysDamageAsync(daemon, "state.db");
        }, "it is noticed");
        await HoldsAsync(daemon, ["state.db"], "overwrite", "running");
        daemon.Kill();
        await daemon.StartAgainAsync();
        (await daemon.GetAsync("/api/v2/silences")).Should().Contain("silence 1").And.Contain("silence 2").And.Contain("silence 3");
    }

    private static string PathOf(Daemon daemon, string file) => Path.Combine(daemon.Folder, "data", file);

    private async Task<Daemon> StartAsync()
    {
        string rules = Path.Combine(Directory.CreateTempSubdirectory("damage").FullName, "rules.yaml");
        await File.WriteAllTextAsync(rules, Rules);
        Daemon daemon = await Daemon.StartAsync($"host: {{ enabled: false }}\nrules: {{ files: ['{rules}'], shipped: false }}");
        await HoldsAsync(daemon, [], "none", "");
        return daemon;
    }

    /// <summary>What a user cares about: samples come in, alerts fire, silences and events are taken and found again.</summary>
    private async Task HoldsAsync(Daemon daemon, string[] files, string damage, string when)
    {
        long start = TimeProvider.System.GetTimestamp();
        int number = ++_silences;
        daemon.Log.Should().NotContain("in use by another process").And.NotContain("please report", $"{damage} of {string.Join(", ", files)}");
        await daemon.PushAsync($"room,room=r{number} temp=31");
        await Eventually.Async(
            async () => (await daemon.GetAsync("/api/v1/alerts")).Contains($"r{number}", StringComparison.Ordinal),
            $"an alert: {daemon.Log}");
        await Eventually.Async(async () => (await SilenceAsync(daemon, $"silence {number}")).IsSuccessStatusCode, "a silence");
        await Eventually.Async(async () => (await EventAsync(daemon, $"event {number}")).IsSuccessStatusCode, "an event");
        await Eventually.Async(
            async () => (await daemon.GetAsync("/api/v1/events")).Contains($"event {number}", StringComparison.Ordinal),
            "the event is there");
        await Eventually.Async(async () => await daemon.OwnAsync("metricsd_store_pending_samples") == 0, "samples are written");
        double seconds = TimeProvider.System.GetElapsedTime(start).TotalSeconds;
        output.WriteLine($"| {string.Join(", ", files)} | {damage} | {when} | held | {seconds:0.0} s |");
    }

    private static async Task<bool> SaysDamageAsync(Daemon daemon, string file) =>
        (await daemon.GetAsync("/-/ready")).Contains(file, StringComparison.Ordinal)
        && (await daemon.GetAsync("/")).Contains($"Damage in {file}", StringComparison.Ordinal)
        && (await daemon.GetAsync("/metrics")).Contains($"metricsd_damage_total{{file=\"{file}\"}}", StringComparison.Ordinal);

    private static async Task<HttpResponseMessage> SilenceAsync(Daemon daemon, string comment) =>
        await daemon.Http.PostAsync(daemon.Url("/api/v2/silences"), new StringContent($$"""
            {
              "matchers": [{ "name": "alertname", "value": "X", "isRegex": false }], "createdBy": "ann", "comment": "{{comment}}",
              "startsAt": "2026-01-01T00:00:00Z", "endsAt": "2099-01-01T00:00:00Z"
            }
            """, Encoding.UTF8, "application/json"));

    private static async Task<HttpResponseMessage> EventAsync(Daemon daemon, string body) =>
        await daemon.Http.PostAsync(daemon.Url("/api/v1/events"), new StringContent($$"""{"kind":"x.y","body":"{{body}}"}"""));

    private static void Flip(string file)
    {
        byte[] bytes = File.ReadAllBytes(file);
        for (int i = 0; i < bytes.Length; i += 997)
            bytes[i] ^= 0xff;
        File.WriteAllBytes(file, bytes);
    }

    private static void Write(string file, Action<FileStream> change)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        change(stream);
    }
}
