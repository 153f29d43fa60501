using System.Text;
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
    private const long MaxRejectedBytes = 16 << 20;

    /// <summary>Records that are sent together are, packed, at most this part of a request's bytes.</summary>
    private const int ReplayedPart = 8;

    private readonly CancellationTokenSource _stop = new();
    private readonly WakeSignal _spooled = new(time);
    private DiskSpool? _spool;
    private Task _replay = Task.CompletedTask;
    private volatile string? _trouble;

    /// <summary>Whether the log says that something waits, and shall say when nothing does any more.</summary>
    private volatile bool _isWaitingLogged;
    private long _notBefore;   // milliseconds since 1970 UTC
    private DateTimeOffset _rejectionLogged;

    public string Description => $"{options.Title} at {options.Url}";

    /// <summary>Why the server did not take what was last sent to it; null when it did.</summary>
    public string? Trouble => _trouble;

    /// <summary>Speaks with the server.</summary>
    public InfluxClient Client { get; } = new(options, flow.Precision, flow.Requests, time, flow.Handler);

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
        InfluxAnswer answer = await SendAsync(lines, count, ct);
        Note(answer);
        if (IsToBeSentAgain(answer))
        {
            LogSpooling(Description, answer.Reason);
            _isWaitingLogged = true;
            Volatile.Write(ref _notBefore, (time.GetUtcNow() + PauseAfter(1, answer.RetryAfter)).ToUnixTimeMilliseconds());
            Spool(lines, count);
        }
    }

    private static bool IsToBeSentAgain(InfluxAnswer answer) => answer.Verdict is WriteVerdict.Retry or WriteVerdict.Hold;

    private void Note(InfluxAnswer answer) => _trouble = IsToBeSentAgain(answer) ? answer.Reason : null;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _replay.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Client.Dispose();
        _spool?.Dispose();
        _stop.Dispose();
    }

    /// <summary>Sends a body, halving it where one of its lines spoils the rest.</summary>
    /// <returns><see cref="WriteVerdict.Retry"/> and <see cref="WriteVerdict.Hold"/> mean: the whole body is still to be sent.</returns>
    private async Task<InfluxAnswer> SendAsync(byte[] lines, int count, CancellationToken ct, bool mayCreate = true)
    {
        InfluxAnswer answer = await Client.WriteAsync(lines, ct);
        switch (answer.Verdict)
        {
            case WriteVerdict.NoDatabase when mayCreate && options.CreateDatabase:
                if (await Client.CreateDatabaseAsync(ct) is { } refusal)
                    return answer with { Verdict = WriteVerdict.Hold, Reason = $"{answer.Reason}; creating it failed: {refusal}" };
                LogCreated(options.Database);
                // A server that has made it and still does not know it is not asked for it again and again.
                return await SendAsync(lines, count, ct, mayCreate: false);
            case WriteVerdict.NoDatabase:
                return answer with { Verdict = WriteVerdict.Hold };
            case WriteVerdict.Partial:
                Reject(Math.Min(answer.Dropped, count), answer.Reason, null);
                return answer;
            case WriteVerdict.Rejected:
            case WriteVerdict.Halve when count == 1:
                Reject(count, answer.Reason, lines);
                return answer;
            case WriteVerdict.Halve:
                return await SendHalvesAsync(lines, count, ct);
            default:
                return answer;
        }
    }

    private async Task<InfluxAnswer> SendHalvesAsync(byte[] lines, int count, CancellationToken ct)
    {
        int middle = 0;
        for (int i = 0; i < count / 2; i++)
            middle += lines.AsSpan(middle).IndexOf((byte)'\n') + 1;
        InfluxAnswer first = await SendAsync(lines[..middle], count / 2, ct);
        if (IsToBeSentAgain(first))
            return first;
        // Should the second half have to wait, the first is sent once more with it: the same points again change nothing.
        return await SendAsync(lines[middle..], count - (count / 2), ct);
    }

    /// <summary>Puts lines behind what waits on disk; they are sent in their turn.</summary>
    /// <exception cref="StoreException">The disk cannot take them.</exception>
    public void Spool(byte[] lines, int count)
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
            InfluxAnswer answer = await SendAsync(InfluxBody.Unpack(records.Select(r => r.Body)), records.Sum(r => r.Lines), ct);
            Note(answer);
            if (!IsToBeSentAgain(answer))
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

    private void Reject(int count, string reason, byte[]? lines)
    {
        flow.Dropped.WithLabels("rejected").Inc(count);
        DateTimeOffset now = time.GetUtcNow();
        if (now - _rejectionLogged > TimeSpan.FromMinutes(1))
        {
            _rejectionLogged = now;
            LogRejected(count, Description, reason);
        }
        if (lines is not null)
            KeepRejected(reason, lines);
    }

    /// <summary>What can never be sent is kept aside with the server's reason, for people to look at.</summary>
    private void KeepRejected(string reason, byte[] lines)
    {
        try
        {
            string folder = Path.Combine(flow.DataFolder, "rejected");
            Directory.CreateDirectory(folder);
            string file = Path.Combine(folder, "rejected.lp");
            if (File.Exists(file) && new FileInfo(file).Length > MaxRejectedBytes)
                File.Move(file, file + ".1", overwrite: true);
            using FileStream stream = File.Open(file, FileMode.Append);
            stream.Write(Encoding.UTF8.GetBytes($"# {reason.ReplaceLineEndings(" ")}\n"));
            stream.Write(lines);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogNotKept(e.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Store} does not take data: {Reason} It is kept on disk until it does.")]
    private partial void LogSpooling(string store, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Store} answers again; {Requests} requests on disk are replayed")]
    private partial void LogReplaying(string store, int requests);

    [LoggerMessage(Level = LogLevel.Information, Message = "Everything that waited on disk is sent")]
    private partial void LogDrained();

    [LoggerMessage(Level = LogLevel.Information, Message = "Created the database {Database}")]
    private partial void LogCreated(string database);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Count} lines are refused for good by {Store}: {Reason}")]
    private partial void LogRejected(int count, string store, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Refused lines cannot be kept: {Reason}")]
    private partial void LogNotKept(string reason);
}
