using Metrics.Configuration;
using Metrics.Model;
using Metrics.Scheduling;
using Metrics.Storage.Spool;

namespace Metrics.Storage.Samples.Influx;

/// <summary>
/// Sends lines to one InfluxDB. What the server does not take now goes to a bounded spool on disk and is replayed in order once it answers
/// again; while anything waits there, everything goes through it.
/// </summary>
internal sealed partial class InfluxSender(
    InfluxOptions options, InfluxFlow flow, InfluxMetrics metrics, TimeProvider time, ILogger log) : IAsyncDisposable
{
    private static readonly Backoff s_pauses = new(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1)) { Jitter = 0.5 };

    /// <summary>Records that are sent together are, packed, at most this part of a request's bytes.</summary>
    private const int ReplayedPart = 8;

    private readonly CancellationTokenSource _stop = new();
    private readonly WakeSignal _spooled = new(time);
    private readonly InfluxDelivery _delivery = new(options, flow, time, log);
    private DiskSpool? _spool;
    private Task _replay = Task.CompletedTask;
    private volatile string? _trouble;

    /// <summary>Whether the log says that something waits, and shall say when nothing does any more.</summary>
    private volatile bool _isWaitingLogged;
    private bool _isLosing;
    private long _notBefore;   // milliseconds since 1970 UTC

    public string Description => options.Description;

    /// <summary>Why the server did not take what was last sent to it; null when it did.</summary>
    public string? Trouble => _trouble;

    /// <summary>Speaks with the server.</summary>
    public InfluxClient Client => _delivery.Client;

    /// <summary>Opens the spool and begins to send what waits in it.</summary>
    /// <exception cref="StoreException">The spool cannot be used.</exception>
    public void Open()
    {
        try
        {
            _spool = new DiskSpool(flow.Folder, options.SpoolBytes, text => metrics.Damages.Note(flow.SpoolFolder, text));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"The spool in {Path.GetFullPath(flow.Folder)} cannot be used: {e.Message}", e);
        }
        metrics.BeforeCollect(() =>
        {
            metrics.SpoolBytes.WithLabels(flow.Name).Set(_spool.Bytes);
            metrics.SpoolRecords.WithLabels(flow.Name).Set(_spool.Count);
            MeasureOldest();
        });
        _isWaitingLogged = _spool.Count > 0;
        _replay = Task.Run(ReplayAlwaysAsync, CancellationToken.None);
    }

    /// <summary>How long the oldest record on disk has waited, seconds; 0 when there is none.</summary>
    public double OldestAge()
    {
        MeasureOldest();
        return metrics.SpoolOldest.WithLabels(flow.Name).Value;
    }

    private void MeasureOldest()
    {
        try
        {
            double age = _spool!.Peek() is { } oldest ? (time.GetUtcNow().ToUnixTimeMilliseconds() - oldest.Time) / 1000.0 : 0;
            metrics.SpoolOldest.WithLabels(flow.Name).Set(age);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It cannot be read now, and stays as it was known last; the replay says why.
        }
    }

    private async Task ReplayAlwaysAsync()
    {
        while (!_stop.IsCancellationRequested)
            await metrics.Faults.GuardAsync("spool", () => ReplayAsync(_stop.Token), time, _stop.Token);
    }

    /// <summary>Sends lines, or spools them; when it returns they survive a kill -9 of this process.</summary>
    /// <exception cref="StoreException">Neither the server nor the disk takes them.</exception>
    public async Task WriteAsync(byte[] lines, int count, CancellationToken ct)
    {
        if (_spool!.Count > 0)
        {
            Spool(lines, count);
            return;
        }
        InfluxAnswer answer = await _delivery.SendAsync(lines, count, ct);
        Note(answer);
        if (answer.IsToBeSentAgain)
        {
            LogSpooling(Description, answer.Reason);
            _isWaitingLogged = true;
            Volatile.Write(ref _notBefore, (time.GetUtcNow() + PauseAfter(1, answer.RetryAfter)).ToUnixTimeMilliseconds());
            Spool(lines, count);
        }
    }

    private void Note(InfluxAnswer answer) => _trouble = answer.IsToBeSentAgain ? answer.Reason : null;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _replay.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _delivery.Dispose();
        _spool?.Dispose();
        _stop.Dispose();
    }

    /// <summary>Puts lines behind what waits on disk; they are sent in their turn.</summary>
    /// <exception cref="StoreException">The disk cannot take them.</exception>
    private void Spool(byte[] lines, int count)
    {
        int dropped;
        try
        {
            dropped = _spool!.Append(time.GetUtcNow().ToUnixTimeMilliseconds(), count, InfluxBody.Pack(lines, options.Gzip));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreException(
                $"{Description} does not answer, and the spool in {Path.GetFullPath(flow.Folder)} cannot be written: {e.Message}", e);
        }
        if (dropped > 0)
            flow.Dropped.WithLabels("spool_full").Inc(dropped);
        _spooled.Wake();
    }

    /// <summary>Puts lines behind what waits on disk; those that the disk cannot take are lost, counted and said.</summary>
    public void SpoolOrDrop(byte[] lines, int count)
    {
        try
        {
            Spool(lines, count);
            _isLosing = false;
        }
        catch (StoreException e)
        {
            flow.Dropped.WithLabels("spool_unwritable").Inc(count);
            if (!_isLosing)
                LogLost(Description, e.Message);
            _isLosing = true;
        }
    }

    private async Task ReplayAsync(CancellationToken ct)
    {
        int failures = 0;
        while (!ct.IsCancellationRequested)
        {
            List<DiskSpool.Record> records = _spool!.PeekSome(options.BatchLines, options.BatchBytes / ReplayedPart);
            if (records is not [var oldest, ..])
            {
                await _spooled.WaitAsync(ct);
                continue;
            }
            bool isOver = time.GetUtcNow().ToUnixTimeMilliseconds() - oldest.Time > options.SpoolAge.TotalMilliseconds;
            if (isOver && SteadyClock.IsTrusted(time))
            {
                flow.Dropped.WithLabels("expired").Inc(oldest.Lines);
                _spool.Remove(oldest);
                continue;
            }
            if (Volatile.Read(ref _notBefore) - time.GetUtcNow().ToUnixTimeMilliseconds() is > 0 and var rest)
                await Task.Delay(TimeSpan.FromMilliseconds(rest), time, ct);
            // Many small ones would take a round trip each.
            InfluxAnswer answer = await _delivery.SendAsync(InfluxBody.Unpack(records.Select(r => r.Body)), records.Sum(r => r.Lines), ct);
            Note(answer);
            if (!answer.IsToBeSentAgain)
            {
                if (failures > 0)
                    LogReplaying(Description, _spool.Count);
                failures = 0;
                _spool.Remove([.. records]);
                if (_spool.Count == 0 && _isWaitingLogged)
                {
                    LogDrained();
                    _isWaitingLogged = false;
                }
                continue;
            }
            if (++failures == 1 && !_isWaitingLogged)
            {
                LogSpooling(Description, answer.Reason);
                _isWaitingLogged = true;
            }
            await Task.Delay(PauseAfter(failures, answer.RetryAfter), time, ct);
        }
    }

    /// <summary>Doubles from one second to a minute, half of it left to chance; the server's own wish is a lower bound.</summary>
    internal static TimeSpan PauseAfter(int failures, TimeSpan? retryAfter)
    {
        TimeSpan pause = s_pauses.After(failures, Random.Shared.NextDouble());
        return retryAfter is { } wish && wish > pause ? wish * (1 + (Random.Shared.NextDouble() / 10)) : pause;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Store} does not take data: {Reason} It is kept on disk until it does.")]
    private partial void LogSpooling(string store, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Store} answers again; {Requests} requests on disk are replayed")]
    private partial void LogReplaying(string store, int requests);

    [LoggerMessage(Level = LogLevel.Information, Message = "Everything that waited on disk is sent")]
    private partial void LogDrained();

    [LoggerMessage(Level = LogLevel.Warning, Message = "Lines for {Store} are lost: {Reason}")]
    private partial void LogLost(string store, string reason);
}
