namespace Metrics.Storage.Samples.Influx;

/// <summary>Hands lines to one InfluxDB: makes the database where it is missing, and tells bad lines from good.</summary>
internal sealed partial class InfluxDelivery(InfluxOptions options, InfluxFlow flow, TimeProvider time, ILogger log) : IDisposable
{
    private readonly InfluxRejects _rejects = new(flow, options, time, log);

    /// <summary>Speaks with the server.</summary>
    public InfluxClient Client { get; } = new(options, flow.Precision, flow.Requests, time, flow.Handler);

    public void Dispose() => Client.Dispose();

    /// <summary>Sends a body, halving it where one of its lines spoils the rest.</summary>
    /// <returns><see cref="WriteVerdict.Retry"/> and <see cref="WriteVerdict.Hold"/> mean: the whole body is still to be sent.</returns>
    public async Task<InfluxAnswer> SendAsync(byte[] lines, int count, CancellationToken ct, bool mayCreate = true)
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
                _rejects.Add(Math.Min(answer.Dropped, count), answer.Reason, null);
                return answer;
            case WriteVerdict.Rejected:
            case WriteVerdict.Halve when count == 1:
                _rejects.Add(count, answer.Reason, lines);
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
        if (first.IsToBeSentAgain)
            return first;
        // Should the second half have to wait, the first is sent once more with it: the same points again change nothing.
        return await SendAsync(lines[middle..], count - (count / 2), ct);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Created the database {Database}")]
    private partial void LogCreated(string database);
}
