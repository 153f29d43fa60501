using System.Text;
using Metrics.Model;

namespace Metrics.Pollers.OpenStack.Orphans;

/// <summary>That Keystone has deleted a project, a user or a domain, as an event says.</summary>
/// <param name="Source">The batch in which it came: the input's name.</param>
/// <param name="Kind">What was deleted.</param>
/// <param name="Id">Its id.</param>
internal readonly record struct DeletedOwner(string Source, OwnerKind Kind, string Id)
{
    /// <summary>Keystone's ids are no longer.</summary>
    private const int MaxIdLength = 64;

    /// <summary>What of a batch of events says so.</summary>
    /// <remarks><c>identity.project.deleted</c>; https://docs.openstack.org/keystone/latest/admin/event_notifications.html</remarks>
    public static IEnumerable<DeletedOwner> In(EventBatch batch)
    {
        for (int row = 0; row < batch.Count; row++)
        {
            if (batch.Kinds[row] == EventKinds.ResourceDeleted && Read(batch, row) is { } owner)
                yield return owner;
        }
    }

    private static DeletedOwner? Read(EventBatch batch, int row)
    {
        // Other services have users and domains of their own.
        bool isOne = batch.TryFind(row, EventFields.Action, out ReadOnlySpan<byte> action) && action.StartsWith("identity."u8)
            && batch.TryFind(row, EventFields.ResourceType, out _);
        if (!isOne || !batch.TryFind(row, EventFields.ResourceId, out ReadOnlySpan<byte> id) || id.Length is 0 or > MaxIdLength)
            return null;
        batch.TryFind(row, EventFields.ResourceType, out ReadOnlySpan<byte> type);
        OwnerKind? kind = type.SequenceEqual("project"u8) ? OwnerKind.Project
            : type.SequenceEqual("user"u8) ? OwnerKind.User
            : type.SequenceEqual("domain"u8) ? OwnerKind.Domain
            : null;
        return kind is { } known ? new DeletedOwner(batch.Source, known, Encoding.UTF8.GetString(id)) : null;
    }
}
