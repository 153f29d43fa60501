using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Metrics.Model;

namespace Metrics.Inputs.Push;

/// <summary>
/// The pushes that were taken last, by what they held: one that is sent again, because its answer was lost, is not stored again. Each is
/// noted in the commit of its events, so that this holds over kill -9 too. Safe for use by several threads.
/// </summary>
internal sealed class RecentPushes
{
    /// <summary>How many are known: senders send one again before they send others.</summary>
    public const int MaxKept = 1_024;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, (long Place, Task Commit)> _known = [];
    private readonly string?[] _digests = new string?[MaxKept];
    private long _next;

    /// <param name="source">Under which they are stored.</param>
    /// <param name="stored">What is stored of it.</param>
    public RecentPushes(string source, IReadOnlyList<SourcePosition> stored)
    {
        Source = source;
        foreach (SourcePosition position in stored)
        {
            if (position.State?.Split(' ') is not [var number, var digest]
                || !long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out long place)
                || place > long.MaxValue / 2)
            {
                continue;
            }
            _digests[place % MaxKept] = digest;
            _known[digest] = (place, Task.CompletedTask);
            _next = Math.Max(_next, place + 1);
        }
    }

    /// <summary>Under which they are stored.</summary>
    public string Source { get; }

    /// <summary>Names a push by what it holds.</summary>
    /// <param name="sender">Who sends it: no two senders send the same.</param>
    /// <param name="body">All of it.</param>
    public static string DigestOf(string sender, ReadOnlySpan<byte> body)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(sender));
        hash.AppendData([0]);
        hash.AppendData(body);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Commits a push, unless the same was committed or is on its way.</summary>
    /// <param name="digest">Its name.</param>
    /// <param name="batch">Its events; disposed.</param>
    /// <param name="commit">Commits them, to the end: nobody may cancel what another waits for.</param>
    /// <param name="isRepeated">Whether it came before.</param>
    /// <returns>Its commit, or that of the one before.</returns>
    public Task CommitOnce(string digest, EventBatch batch, Func<EventBatch, Task> commit, out bool isRepeated)
    {
        lock (_lock)
        {
            bool isKnown = _known.TryGetValue(digest, out (long Place, Task Commit) before);
            isRepeated = isKnown && !before.Commit.IsFaulted && !before.Commit.IsCanceled;
            if (isRepeated)
            {
                batch.Dispose();
                return before.Commit;
            }
            // Of a try that has failed the place is nobody's: else this one would be forgotten with it.
            if (isKnown)
                _digests[before.Place % MaxKept] = null;
            long place = _next++;
            ref string? digestThere = ref _digests[place % MaxKept];
            if (digestThere is { } oldest)
                _known.Remove(oldest);
            digestThere = digest;
            string key = (place % MaxKept).ToString(CultureInfo.InvariantCulture);
            batch.Add(new SourcePosition(Source, key, string.Create(CultureInfo.InvariantCulture, $"{place} {digest}")));
            Task committed = commit(batch);
            _known[digest] = (place, committed);
            return committed;
        }
    }
}
