using Metrics.Telemetry;

namespace Metrics.Storage.Samples.Influx;

/// <summary>
/// Knows whether an InfluxDB can be asked: pings it every three seconds, and remembers for a while that a question was left without an
/// answer. Whoever asks then need not wait for it as well.
/// </summary>
internal sealed class InfluxProbe(InfluxClient client, Faults faults, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan s_silenceCounts = TimeSpan.FromSeconds(15);

    private readonly CancellationTokenSource _stop = new();
    private Task _probing = Task.CompletedTask;
    private volatile string? _ping;
    private volatile Silence? _silence;

    private sealed record Silence(string Reason, DateTimeOffset Until);

    /// <summary>Why nothing can be asked now; null when it can.</summary>
    public string? Trouble => _ping ?? (_silence is { } silence && silence.Until > time.GetUtcNow() ? silence.Reason : null);

    /// <summary>Pings once, then from time to time.</summary>
    public async Task StartAsync(CancellationToken ct)
    {
        _ping = await client.PingAsync(s_patience, ct);
        _probing = Task.Run(ProbeAlwaysAsync, CancellationToken.None);
    }

    /// <summary>A question was left without an answer.</summary>
    public void NoteSilence(string reason) => _silence = new Silence(reason, time.GetUtcNow() + s_silenceCounts);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _probing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task ProbeAlwaysAsync()
    {
        using var timer = new PeriodicTimer(s_interval, time);
        while (await timer.WaitForNextTickAsync(_stop.Token))
        {
            await faults.GuardAsync(
                "influx", async () => _ping = await client.PingAsync(s_patience, _stop.Token), time, _stop.Token);
        }
    }
}
