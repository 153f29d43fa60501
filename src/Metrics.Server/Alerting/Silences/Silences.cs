using System.Text.Json;
using Metrics.Model;
using Metrics.Routing;
using Metrics.Series;
using Metrics.Storage.State;
using Microsoft.EntityFrameworkCore;

namespace Metrics.Alerting;

/// <summary>All silences: in the state database, and in memory for whoever asks. Safe for use by several threads.</summary>
internal sealed class Silences(StateStore state, TimeProvider time)
{
    /// <summary>Ended silences are kept this long, for those who want to know why nobody was notified.</summary>
    private static readonly TimeSpan s_kept = TimeSpan.FromDays(30);

    /// <summary>Changed by the one thread that writes the state for requests.</summary>
    private volatile IReadOnlyList<Silence> _all = [];

    /// <summary>All that are kept, the newest first.</summary>
    public IReadOnlyList<Silence> All => _all;

    /// <summary>Reads them from the state database.</summary>
    public void Load()
    {
        long before = (time.GetUtcNow() - s_kept).ToUnixTimeMilliseconds();
        state.Write(writer => writer.Run(db => db.Silences.Where(s => s.EndsAt < before).ExecuteDelete()));
        state.Rebuilt += SaveAll;
        _all = [.. state.Decode(state.Read(db => db.Silences.AsNoTracking().ToList()), Read).OrderByDescending(s => s.UpdatedAt)];
    }

    /// <summary>
    /// Whether a matcher leaves something out: not one that takes the empty text, which is what alerts have without the label; but one that
    /// says what is not meant, as Alertmanager takes it (<c>severity!=page</c>).
    /// </summary>
    private static bool IsChoice(LabelMatcher matcher) =>
        matcher.Kind is MatchKind.NotEqual or MatchKind.NotRegex || !matcher.MatchesEmpty;

    /// <summary>
    /// Adds a silence, or changes one: what is past of a changed one stays as it is, under its own id. The audit notes who did it:
    /// <c>by</c>, or else <c>createdBy</c>.
    /// </summary>
    /// <returns>Its id.</returns>
    /// <exception cref="FormatException">Something is missing or makes no sense.</exception>
    /// <exception cref="StateUnavailableException">It could not be written in time.</exception>
    public async Task<string> PutAsync(
        string? id, IReadOnlyList<LabelMatcher> matchers, Timestamp startsAt, Timestamp endsAt, string createdBy, string comment,
        string? by = null)
    {
        Timestamp now = Timestamp.Of(time.GetUtcNow());
        if (!matchers.Any(IsChoice))
            throw new FormatException("a silence needs a matcher that leaves something out, else it would silence everything");
        if (endsAt <= startsAt)
            throw new FormatException("endsAt must lie after startsAt");
        if (endsAt <= now)
            throw new FormatException("endsAt lies in the past");
        if (createdBy.Length == 0)
            throw new FormatException("createdBy is required: who wants it");
        if (comment.Length == 0)
            throw new FormatException("comment is required: why nobody shall be notified");
        List<Silence> changed = [];
        await state.WriteAsync(
            writer =>
            {
                Silence? before = id is null or "" ? null
                    : _all.FirstOrDefault(s => s.Id == id) ?? throw new FormatException($"there is no silence {id}");
                bool isSame = before is not null && before.EndsAt > now && (before.StartsAt == startsAt || before.StartsAt > now)
                    && before.Matchers.Select(MatcherText.Write).SequenceEqual(matchers.Select(MatcherText.Write));
                if (before is not null && !isSame && before.EndsAt > now)
                    changed.Add(Save(writer, before with { EndsAt = now, UpdatedAt = now }, by ?? createdBy, "unsilenced"));
                string itsId = isSame ? before!.Id : Guid.NewGuid().ToString();
                Timestamp starts = isSame || startsAt > now ? startsAt : now;
                var silence = new Silence(itsId, matchers, starts, endsAt, createdBy, comment, now);
                changed.Add(Save(writer, silence, by ?? createdBy, "silenced"));
            },
            () => Take(changed));
        return changed[^1].Id;
    }

    /// <summary>Ends a silence now; the audit notes by whom.</summary>
    /// <returns>Whether there is one of this id that had not ended.</returns>
    /// <exception cref="StateUnavailableException">It could not be written in time.</exception>
    public async Task<bool> ExpireAsync(string id, string by)
    {
        Timestamp now = Timestamp.Of(time.GetUtcNow());
        List<Silence> changed = [];
        await state.WriteAsync(
            writer =>
            {
                if (_all.FirstOrDefault(s => s.Id == id) is not { } silence || silence.EndsAt <= now)
                    return;
                Silence ended = silence with { EndsAt = now, StartsAt = Timestamp.Min(silence.StartsAt, now), UpdatedAt = now };
                changed.Add(Save(writer, ended, by, "unsilenced"));
            },
            () => Take(changed));
        return changed.Count > 0;
    }

    private static Silence Save(StateWriter to, Silence silence, string who, string what)
    {
        to.Save(Write(silence));
        to.AddAudit(silence.UpdatedAt, who, what, Describe(silence));
        return silence;
    }

    private void Take(List<Silence> changed)
    {
        foreach (Silence silence in changed)
            _all = [silence, .. _all.Where(s => s.Id != silence.Id)];
    }

    private void SaveAll() => state.Write(writer =>
    {
        foreach (Silence silence in _all)
            writer.Save(Write(silence));
    });

    private static SilenceRow Write(Silence silence) => new()
    {
        Id = silence.Id,
        Matchers = JsonSerializer.Serialize(silence.Matchers.Select(MatcherText.Write)),
        StartsAt = silence.StartsAt.Milliseconds,
        EndsAt = silence.EndsAt.Milliseconds,
        CreatedBy = silence.CreatedBy,
        Comment = silence.Comment,
        UpdatedAt = silence.UpdatedAt.Milliseconds,
    };

    private static string Describe(Silence silence) =>
        $"{{{string.Join(", ", silence.Matchers.Select(MatcherText.Write))}}} from {silence.StartsAt} "
        + $"to {silence.EndsAt}: {silence.Comment} (id {silence.Id})";

    private static Silence Read(SilenceRow row)
    {
        IEnumerable<LabelMatcher> matchers = JsonSerializer.Deserialize<string[]>(row.Matchers)!.SelectMany(MatcherText.Parse);
        return new Silence(
            row.Id, [.. matchers], new Timestamp(row.StartsAt), new Timestamp(row.EndsAt), row.CreatedBy, row.Comment,
            new Timestamp(row.UpdatedAt));
    }
}
