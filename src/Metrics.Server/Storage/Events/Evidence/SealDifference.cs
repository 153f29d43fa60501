using System.Globalization;

namespace Metrics.Storage.Events.Evidence;

/// <summary>What a table holds otherwise than when it was sealed.</summary>
internal static class SealDifference
{
    /// <summary>The difference, for people; null for none.</summary>
    public static string? Of(EventSeal seal, HashedTable now)
    {
        if (now.Fault is null && now.Count == seal.Count && now.Hash == seal.Hash)
            return null;
        string count = now.Count == seal.Count ? ""
            : string.Create(CultureInfo.InvariantCulture, $"{seal.Count} events were sealed and {now.Count} are there; ");
        if (now.Fault is { } fault)
            return count + fault;
        for (int n = 0; n < seal.Parts.Count; n++)
        {
            if (n < now.Parts.Count && now.Parts[n].Hash == seal.Parts[n].Hash)
                continue;
            long from = n == 0 ? seal.FirstId : seal.Parts[n - 1].LastId + 1;
            return string.Create(CultureInfo.InvariantCulture,
                $"{count}the first that differ are among the ids {from} to {seal.Parts[n].LastId}, that came from "
                + $"{EventIds.Show(from)} to {EventIds.Show(seal.Parts[n].LastId)}");
        }
        return count + (now.Parts.Count > seal.Parts.Count ? "events were added behind the last" : "its seal was altered");
    }
}
