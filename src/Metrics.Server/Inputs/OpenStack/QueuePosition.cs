using System.Text.Json;
using Metrics.Model;

namespace Metrics.Inputs.OpenStack;

/// <summary>The queue that an input has had: what is missing of it, or too much, is seen at the next start.</summary>
/// <param name="Place">Where it is: its name, the hosts and the virtual host. Another place is another queue.</param>
/// <param name="Bindings">What it was bound to, or was to be.</param>
internal sealed record QueuePosition(string Place, IReadOnlyList<QueueBinding> Bindings)
{
    private const string Key = "queue";

    /// <summary>What it is to be.</summary>
    public static QueuePosition Of(NotificationsOptions options) =>
        new($"{options.Queue} at {options.Broker}, virtual host {options.Broker.VirtualHost}", [.. options.Bindings]);

    /// <summary>What it was; null where it never was, or what is stored of it is damaged.</summary>
    public QueuePosition? Find(IEnumerable<SourcePosition> stored) =>
        stored.FirstOrDefault(p => p.Key == Key)?.Read<QueuePosition>() is { } last && last.Place == Place && !last.Bindings.Contains(null!)
            ? last : null;

    /// <summary>Adds it to a batch, with which it is committed.</summary>
    public void AddTo(EventBatch batch) => batch.Add(new SourcePosition(batch.Source, Key, JsonSerializer.Serialize(this)));
}
