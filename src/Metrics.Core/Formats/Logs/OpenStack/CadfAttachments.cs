using Metrics.Text;

namespace Metrics.Formats.Logs.OpenStack;

/// <summary>What is attached to an event of CADF: a list of objects with a name and a content.</summary>
/// <remarks>
/// <code>
/// "attachments": [{"name": "partial_password_hash", "typeURI": "mime:text/plain", "content": "z4Eya"}]
/// </code>
/// https://docs.openstack.org/pycadf/latest/specification/attachments.html
/// </remarks>
internal static class CadfAttachments
{
    /// <summary>Finds a content.</summary>
    /// <param name="attachments">The list, as it is written.</param>
    /// <param name="name">The name of the attachment.</param>
    /// <returns>The content, as it is written; empty where there is none.</returns>
    public static ReadOnlySpan<byte> Find(ReadOnlySpan<byte> attachments, ReadOnlySpan<byte> name)
    {
        var items = new JsonItems(attachments);
        while (items.MoveNext())
        {
            if (JsonMembers.TryFind(items.Value, "name"u8, out ReadOnlySpan<byte> its) && JsonMembers.Is(its, name)
                && JsonMembers.TryFind(items.Value, "content"u8, out ReadOnlySpan<byte> content))
            {
                return content;
            }
        }
        return default;
    }
}
