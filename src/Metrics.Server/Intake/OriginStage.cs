using System.Collections.Frozen;
using System.Net;
using Metrics.Configuration;
using Metrics.Formats.Logs;
using Metrics.Model;
using Metrics.Storage.Events;
using Metrics.Text;

namespace Metrics.Intake;

/// <summary>
/// Puts the client in the place of the proxy (<c>events.trusted_proxies</c>), before anybody judges an event: <c>source.ip</c> is who came
/// to the proxy, <c>proxy.ip</c> the proxy. Where nobody says who that was, there is no <c>source.ip</c>: a proxy is no attacker.
/// </summary>
internal sealed class OriginStage(Current<EventLogOptions> options, IntakeMetrics metrics) : IIntakeStage
{
    /// <summary>
    /// What comes by HTTP, and so by proxies. Whoever logs in to a host from the machine of a proxy, or scans from there, is there.
    /// </summary>
    private static readonly FrozenSet<string> s_byHttp = new[]
    {
        EventKinds.HttpRequest, EventKinds.IdentityAuthenticate, EventKinds.IdentityLockout, EventKinds.ResourceCreated,
        EventKinds.ResourceUpdated, EventKinds.ResourceDeleted,
    }.ToFrozenSet();

    public ValueTask TakeAsync(EventWork work)
    {
        NetworkList proxies = options.Value.TrustedProxies;
        if (proxies.IsEmpty)
            return ValueTask.CompletedTask;
        EventBatch batch = work.Batch;
        var origins = new List<RowField>();
        for (int row = 0; row < batch.Count; row++)
            Find(batch, row, proxies, origins);
        batch.AddFields(origins);
        return ValueTask.CompletedTask;
    }

    /// <summary>Where the proxy is, as whoever sends it has said, and not the client.</summary>
    private static void RenamePlace(EventBatch batch, int row)
    {
        List<string> places = [];
        foreach (EventFieldText field in batch.FieldsOf(row))
        {
            if (field.Name.StartsWith("source.geo.", StringComparison.Ordinal))
                places.Add(field.Name);
        }
        foreach (string name in places)
            batch.Rename(row, name, "proxy" + name["source".Length..]);
    }

    private void Find(EventBatch batch, int row, NetworkList proxies, List<RowField> origins)
    {
        if (!batch.TryFind(row, EventFields.SourceIp, out ReadOnlySpan<byte> source) || !IPAddress.TryParse(source, out IPAddress? peer)
            || !proxies.Contains(peer) || batch.TryFind(row, EventFields.ProxyIp, out _))
        {
            return;
        }
        bool isForwarded = batch.TryFind(row, EventFields.SourceForwarded, out ReadOnlySpan<byte> chain);
        if (!isForwarded && !s_byHttp.Contains(batch.Kinds[row]))
            return;
        IPAddress? origin = ForwardedChain.OriginOf(chain, proxies.Contains);
        batch.Rename(row, EventFields.SourceIp, EventFields.ProxyIp);
        batch.Rename(row, EventFields.SourcePort, EventFields.ProxyPort);
        RenamePlace(batch, row);
        metrics.EventsBehindProxy.WithLabels(origin is null ? "unknown" : "known").Inc();
        if (origin is not null)
            origins.Add(new RowField(row, EventFields.SourceIp, origin.ToString()));
    }
}
