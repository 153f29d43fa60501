namespace Metrics.Rules.Sigma;

/// <summary>Several conditions as one.</summary>
internal static class SigmaLogic
{
    /// <summary>All of them; the first that does not hold ends it.</summary>
    public static Predicate<SigmaEvent> All(IReadOnlyList<Predicate<SigmaEvent>> conditions)
    {
        Predicate<SigmaEvent>[] all = [.. conditions];
        return all is [var only] ? only : e => Array.TrueForAll(all, c => c(e));
    }

    /// <summary>Any of them; the first that holds ends it.</summary>
    public static Predicate<SigmaEvent> Any(IReadOnlyList<Predicate<SigmaEvent>> conditions)
    {
        Predicate<SigmaEvent>[] all = [.. conditions];
        return all is [var only] ? only : e => Array.Exists(all, c => c(e));
    }
}
