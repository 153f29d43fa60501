using System.Runtime.CompilerServices;
using Metrics.Model;
using Metrics.Series;

namespace Metrics.Storage.Samples.Influx;

/// <summary>
/// History in InfluxDB. What the server does not take now waits in the spool; a write returns when its samples are stored or spooled.
/// </summary>
internal sealed class InfluxStore : ISampleStore
{
    private readonly InfluxOptions _options;
    private readonly InfluxSender _sender;
    private readonly InfluxProbe _probe;
    private readonly InfluxLines _lines;

    public InfluxStore(
        InfluxOptions options, string dataFolder, StoreMetrics samples, InfluxMetrics metrics, TimeProvider time, ILogger<InfluxStore> log)
    {
        _options = options;
        _sender = new InfluxSender(options, InfluxFlow.Samples(dataFolder, samples, metrics), metrics, time, log);
        _probe = new InfluxProbe(_sender.Client, metrics.Faults, time);
        _lines = new InfluxLines(samples.Dropped, metrics);
    }

    public string Description => _sender.Description;

    public string? Trouble => _probe.Trouble ?? _sender.Trouble;

    public async Task OpenAsync(CancellationToken ct)
    {
        _sender.Open();
        await _probe.StartAsync(ct);
    }

    public async Task WriteAsync(IReadOnlyList<SampleBatch> batches, CancellationToken ct)
    {
        foreach ((byte[] body, int lines) in _lines.Write(batches, _options.BatchLines, _options.BatchBytes))
            await _sender.WriteAsync(body, lines, ct);
    }

    public async IAsyncEnumerable<SampleBatch> ReadAsync(
        IReadOnlyList<LabelMatcher> matchers, long from, long to, [EnumeratorCancellation] CancellationToken ct)
    {
        if (_probe.Trouble is { } trouble)
            throw new StoreException($"{Description} does not answer: {trouble}");
        await using IAsyncEnumerator<SampleBatch> batches = _sender.Client.ReadAsync(matchers, from, to, ct)
            .GetAsyncEnumerator(ct);
        while (await MoveAsync(batches))
            yield return batches.Current;
    }

    public Task MaintainAsync(DateTimeOffset now, CancellationToken ct) => Task.CompletedTask;   // retention is the server's own

    public async ValueTask DisposeAsync()
    {
        await _probe.DisposeAsync();
        await _sender.DisposeAsync();
    }

    private async Task<bool> MoveAsync(IAsyncEnumerator<SampleBatch> batches)
    {
        try
        {
            return await batches.MoveNextAsync();
        }
        catch (StoreException e)
        {
            if (e is StoreSilentException)
                _probe.NoteSilence(e.Message);
            throw new StoreException($"{Description}: {e.Message}", e);
        }
    }
}
