using Metrics.Pollers.OpenStack.Client;

namespace Metrics.Pollers.OpenStack.Orphans;

/// <summary>Whether an owner or parent is still there.</summary>
internal enum Presence
{
    /// <summary>It is there, as far as one knows.</summary>
    There,

    /// <summary>Nobody can say: a list is missing or too old, or the service refuses to tell.</summary>
    Unknown,

    /// <summary>The service itself says that it is not there, after it was missing from a list that is newer than the resource's.</summary>
    Gone,
}

/// <summary>
/// Tells whether what a resource belongs to is gone. Three things must come together: it is missing from a complete list that was begun
/// after the resource was seen; the resource is still there in a list begun after that; and the service answers 404 when asked for it by
/// id. So neither a list that is cut, nor a hidden domain, nor something that was just made or is just being deleted looks like an orphan.
/// Where a notification has said that the owner was deleted, a list that was begun after it need not be newer than the resource's.
/// </summary>
/// <param name="api">The service that knows owners of this kind.</param>
/// <param name="path">Path of one of them, before its id.</param>
/// <param name="time">The clock.</param>
/// <param name="toldAt">When a notification said that one of them was deleted; null where none did.</param>
internal sealed class OwnerCheck(ServiceApi api, string path, TimeProvider time, Func<string, DateTimeOffset?>? toldAt = null)
{
    /// <summary>Questions in one poll, beside those about whom notifications tell; more wait for the next.</summary>
    private const int MaxQuestions = 50;

    private static readonly TimeSpan s_askAgain = TimeSpan.FromMinutes(5);

    private readonly Dictionary<string, DateTimeOffset> _missingSince = [];
    private readonly Dictionary<string, (bool Gone, DateTimeOffset At)> _answers = [];
    private int _questions;

    /// <summary>Begins a poll.</summary>
    public void Begin() => _questions = 0;

    /// <summary>Whether an owner is there.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="owners">The last complete list of owners, or null.</param>
    /// <param name="seenFrom">When the list in which the resource was seen began.</param>
    /// <param name="seenTo">When it ended.</param>
    /// <param name="ct">Ends it.</param>
    public async ValueTask<Presence> LookAsync<T>(
        string id, Listing<T>? owners, DateTimeOffset seenFrom, DateTimeOffset seenTo, CancellationToken ct)
    {
        if (owners is null)
            return Presence.Unknown;
        if (owners.Items.ContainsKey(id))
        {
            _missingSince.Remove(id);
            return Presence.There;
        }
        DateTimeOffset? told = toldAt?.Invoke(id);
        bool isTold = told <= owners.Started;
        if (!_missingSince.TryGetValue(id, out DateTimeOffset since))
        {
            // An older list of owners says nothing of what was made after it.
            if (isTold || owners.Started >= seenTo)
                since = _missingSince[id] = owners.Ended;
            if (!isTold)
                return Presence.There;
        }
        if (seenFrom < since)
            return Presence.There;
        bool? isGone = await AskAsync(id, isTold ? told : null, ct);
        return isGone switch { true => Presence.Gone, false => Presence.There, null => Presence.Unknown };
    }

    /// <summary>Whether the service says that it does not know it; null when it says neither.</summary>
    private async Task<bool?> AskAsync(string id, DateTimeOffset? told, CancellationToken ct)
    {
        DateTimeOffset now = time.GetUtcNow();
        bool isAnswered = _answers.TryGetValue(id, out var known);
        if (isAnswered && (known.Gone || (now - known.At < s_askAgain && !(known.At < told))))
            return known.Gone;
        if (told is null && _questions++ >= MaxQuestions)
            return null;
        try
        {
            using System.Text.Json.JsonDocument found = await api.GetAsync($"{path}/{Uri.EscapeDataString(id)}", $"{path}/{{id}}", ct: ct);
            _answers[id] = (false, now);
            return false;
        }
        catch (CloudException e) when (e.Status == 404)
        {
            _answers[id] = (true, now);
            return true;
        }
        catch (CloudException)
        {
            return null;
        }
    }
}
