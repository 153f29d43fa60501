namespace Metrics.Pollers.OpenStack.Orphans;

/// <summary>
/// Tells whether a list of projects can be believed. One that is empty, that lacks our own project, or that is suddenly much shorter than
/// it was is no ground to call anything an orphan; a shorter one that stays as it is counts after a while.
/// </summary>
internal sealed class ListDoubt
{
    private const double MuchShorter = 0.5;
    private static readonly TimeSpan s_believedAfter = TimeSpan.FromHours(1);

    private int _longest;
    private int _short;
    private DateTimeOffset _shortSince;

    /// <summary>Why the list is not believed; null when it is.</summary>
    /// <param name="projects">The list, or null where there is none.</param>
    /// <param name="own">The project of our own account; null when it has none.</param>
    /// <param name="maxAge">How old the list may be.</param>
    /// <param name="now">The time.</param>
    /// <param name="gone">How many are missing since the last list of which a notification has said that they were deleted.</param>
    public string? Judge(Listing<Owner>? projects, string? own, TimeSpan maxAge, DateTimeOffset now, int gone = 0)
    {
        _longest = Math.Max(0, _longest - gone);
        if (projects is null)
            return "no_list";
        if (now - projects.Ended > maxAge)
            return "old_list";
        int count = projects.Items.Count;
        if (count == 0)
            return "empty_list";
        if (own is not null && !projects.Items.ContainsKey(own))
            return "own_project_missing";
        if (count >= _longest * MuchShorter)
        {
            (_longest, _short) = (Math.Max(_longest, count), 0);
            return null;
        }
        if (count != _short)
            (_short, _shortSince) = (count, now);
        if (now - _shortSince < s_believedAfter)
            return "much_shorter_list";
        _longest = count;
        return null;
    }
}
