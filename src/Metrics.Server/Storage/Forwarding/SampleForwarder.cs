using System.Net;
using Metrics.Model;
using Metrics.Storage.Samples.Influx;

namespace Metrics.Storage.Forwarding;

/// <summary>
/// Sends what the store gets to the centre too, by a spool of its own: a centre that is slow or away holds nothing up. Samples that are
/// sent twice are the same there, so they are spooled before the store has them: a process that is killed in between leaves no hole.
/// </summary>
internal sealed class SampleForwarder : IHostedService, IAsyncDisposable
{
    private const string Name = "forward";

    /// <summary>Names the node on each sample.</summary>
    private const string NodeLabel = "node";

    private readonly InfluxOptions _centre;
    private readonly InfluxSender _sender;
    private readonly InfluxLines _lines;

    /// <summary>The batches that were spooled last: a store that fails is given them again.</summary>
    private IReadOnlyList<SampleBatch> _spooled = [];
    private bool _isDisposed;

    public SampleForwarder(
        ForwardOptions options, StorageOptions storage, ForwardLink link, ForwardMetrics metrics, InfluxMetrics influx, TimeProvider time,
        ILogger<SampleForwarder> log)
    {
        _centre = options.AsInflux();
        var flow = new InfluxFlow(
            Name, storage.Path, "spool-forward", InfluxPrecision.Milliseconds, metrics.SamplesDropped, metrics.Requests)
        {
            Handler = new OnceKnown(options.Http.CreateHandler(), link),
        };
        _sender = new InfluxSender(_centre, flow, influx, time, log);
        _lines = new InfluxLines(metrics.SamplesDropped, influx, new Label(NodeLabel, options.Node));
    }

    /// <exception cref="StoreException">The spool cannot be used.</exception>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _sender.Open();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Ends the sending; may be called more than once, as by a container that knows this under two names.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        await _sender.DisposeAsync();
    }

    /// <summary>How long the oldest sample that is not sent has waited, seconds; 0 where none waits.</summary>
    public double Lag() => _sender.OldestAge();

    /// <summary>Takes what the store is about to get. One thread at a time.</summary>
    public void Add(IReadOnlyList<SampleBatch> batches)
    {
        List<SampleBatch> fresh = [.. batches.Except(_spooled)];
        _spooled = batches;
        foreach ((byte[] body, int lines) in _lines.Write(fresh, _centre.BatchLines, _centre.BatchBytes))
            _sender.SpoolOrDrop(body, lines);
    }

    /// <summary>Sends nothing while the centre may know another machine by this name: samples of the two would be one series.</summary>
    private sealed class OnceKnown(HttpMessageHandler inner, ForwardLink link) : DelegatingHandler(inner)
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            await link.Known.WaitAsync(cancellationToken);
            if (link.Closed is { } why)
                throw new HttpRequestException($"samples are held back: {why}");
            HttpResponseMessage answer = await base.SendAsync(request, cancellationToken);
            if (answer.StatusCode != HttpStatusCode.OK)
                return answer;
            // A metricsd says 204.
            answer.Dispose();
            throw new HttpRequestException($"HTTP 200{ForwardClient.NoMetricsd}");
        }
    }
}
