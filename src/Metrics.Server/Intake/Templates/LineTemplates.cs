using System.Security.Cryptography;
using System.Text;
using Metrics.Formats.Logs.Templates;
using Metrics.Model;
using Metrics.Storage.Events;

namespace Metrics.Intake.Templates;

/// <summary>
/// The kinds of lines of all sources. A line that repeats costs its mask and one look into a table of recent lines; only others are
/// compared with the kinds. One thread at a time.
/// </summary>
/// <remarks>
/// Bounded by sources, kinds of a source and bytes. Where there is no room, those kinds of a source go that were not seen for longest; they
/// would be new if they came again, so that from then on nothing of that source is new for as long as it once learned.
/// </remarks>
internal sealed class LineTemplates(TemplateMetrics metrics)
{
    /// <summary>Sources at most.</summary>
    public const int MaxSources = 2_000;

    /// <summary>Kinds of one source at most.</summary>
    public const int MaxKinds = 1_000;

    /// <summary>How long a source is remembered that is silent; where there is no room for another, only a day.</summary>
    private const long Silent = 30 * Day, Day = 86_400_000_000_000;

    /// <summary>How often it is looked for silent sources at most, nanoseconds.</summary>
    private const long SweepEvery = 60_000_000_000;

    private const int RecentLines = 1 << 16;

    private readonly Dictionary<(string Host, string Service), TemplateSource> _sources = [];
    private readonly (ulong Hash, LineTemplate Template)[] _recent = new (ulong, LineTemplate)[RecentLines];
    private readonly byte[] _masked = new byte[LineMask.MaxLength];
    private readonly ulong _seed = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));
    private TemplateSource? _last;
    private ulong _seeds;
    private long _newestId;
    private long _swept;
    private long _bytes;

    /// <summary>Bytes of what was dropped, and may still stand among the recent lines.</summary>
    private long _goneBytes;

    /// <summary>All of them.</summary>
    public IReadOnlyCollection<TemplateSource> Sources => _sources.Values;

    /// <summary>What is to be stored of what was dropped.</summary>
    public List<SourcePosition> Dropped { get; } = [];

    /// <summary>Kinds of all sources.</summary>
    public int Count => _sources.Values.Sum(s => s.Tree.Count);

    /// <summary>Learns what was stored; what is of no use goes from there.</summary>
    public void Load(IReadOnlyList<SourcePosition> stored)
    {
        foreach (SourcePosition position in stored.Where(StoredTemplateSource.IsOne))
        {
            if (!TryLoadSource(position))
                Dropped.Add(position with { State = null });
        }
        foreach (SourcePosition position in stored.Where(StoredTemplate.IsOne))
        {
            if (!TryLoadKind(position))
                Dropped.Add(position with { State = null });
        }
    }

    /// <summary>The source of a line; null where there is no room for one more.</summary>
    public TemplateSource? SourceOf(string host, string service, long now)
    {
        if (_last is { } last && ReferenceEquals(last.Host, host) && ReferenceEquals(last.Service, service))
            return last;
        if (!_sources.TryGetValue((host, service), out TemplateSource? source))
        {
            if (host.Length > LogCounts.MaxNameLength || service.Length > LogCounts.MaxNameLength)
                return null;
            if (_sources.Count >= MaxSources)
                Sweep(now, Day);
            if (_sources.Count >= MaxSources)
                return null;
            source = new TemplateSource(host, service, now, NextSeed());
            _sources.Add((host, service), source);
        }
        return _last = source;
    }

    /// <summary>Counts a line.</summary>
    /// <param name="source">Whose it is.</param>
    /// <param name="line">Its text, UTF-8.</param>
    /// <param name="now">When it came, nanoseconds since 1970 UTC.</param>
    /// <param name="options">The bounds.</param>
    /// <param name="template">Its kind; null where the line says nothing.</param>
    /// <returns>Whether that is new.</returns>
    public bool Add(TemplateSource source, ReadOnlySpan<byte> line, long now, TemplateOptions options, out LineTemplate? template)
    {
        template = null;
        source.Last = now;
        ReadOnlySpan<byte> masked = _masked.AsSpan(0, LineMask.Mask(line, _masked));
        if (masked.IsEmpty)
            return false;
        ulong hash = LineHash.Of(masked, source.Seed);
        ref (ulong Hash, LineTemplate Template) recent = ref _recent[hash & (RecentLines - 1)];
        bool isNew = false;
        if (recent.Hash == hash && !recent.Template.IsGone)
        {
            template = recent.Template;
        }
        else
        {
            template = source.Tree.Find(masked);
            isNew = template is null;
            if (isNew)
            {
                MakeRoom(source, now, options);
                template = source.Tree.Add(++_newestId, masked, line, now);
                _bytes += template.Bytes;
            }
            recent = (hash, template!);
        }
        template!.Note(now);
        return isNew;
    }

    /// <summary>Forgets a kind, unless it is forgotten already.</summary>
    public void Remove(TemplateSource source, LineTemplate template, string reason)
    {
        if (template.IsGone)
            return;
        source.Tree.Remove(template);
        _bytes -= template.Bytes;
        _goneBytes += template.Bytes;
        if (template.IsStored)
            Dropped.Add(StoredTemplate.Gone(template));
        metrics.Dropped.WithLabels(reason).Inc();
    }

    /// <summary>Forgets sources that are silent, at most once a minute.</summary>
    public void Sweep(long now, long silent = Silent)
    {
        if (now - _swept < SweepEvery)
            return;
        _swept = now;
        foreach (TemplateSource source in _sources.Values.Where(s => now - s.Last > silent).ToList())
        {
            foreach (LineTemplate template in source.Tree.All.ToList())
                Remove(source, template, "silent");
            Dropped.Add(StoredTemplateSource.Gone(source));
            _sources.Remove((source.Host, source.Service));
            if (_last == source)
                _last = null;
        }
    }

    private bool TryLoadSource(SourcePosition position)
    {
        if (StoredTemplateSource.From(position) is not { } source)
            return false;
        _sources[(source.Host, source.Service)] = new TemplateSource(source.Host, source.Service, source.Since, NextSeed())
        {
            FullUntil = source.FullUntil, IsChanged = false,
        };
        return true;
    }

    private bool TryLoadKind(SourcePosition position)
    {
        if (StoredTemplate.From(position) is not var (id, known))
            return false;
        _newestId = Math.Max(_newestId, id);
        if (!_sources.TryGetValue((known.Host, known.Service), out TemplateSource? source))
            return false;
        LineTemplate template = source.Tree.Add(
            id, Encoding.UTF8.GetBytes(known.Masked), Encoding.UTF8.GetBytes(known.Example), known.First);
        template.Note(known.Last, known.Count);
        (template.IsChanged, template.IsStored) = (false, true);
        _bytes += template.Bytes;
        source.Last = Math.Max(source.Last, known.Last);
        return true;
    }

    private void MakeRoom(TemplateSource source, long now, TemplateOptions options)
    {
        if (source.Tree.Count >= MaxKinds)
            DropOldest(source, now, options);
        // Who has most makes room for the others.
        else if (_bytes > options.MaxBytes && _sources.Values.MaxBy(s => s.Tree.Bytes) is { } largest)
            DropOldest(largest, now, options);
        if (_goneBytes > options.MaxBytes / 8)
            ForgetGone();
    }

    /// <summary>Among the recent lines what is dropped would take memory beyond the bound.</summary>
    private void ForgetGone()
    {
        _goneBytes = 0;
        foreach (ref (ulong Hash, LineTemplate Template) recent in _recent.AsSpan())
        {
            if (recent.Template is { IsGone: true })
                recent = default;
        }
    }

    /// <summary>Several at a time, so that who writes nothing but new kinds does not make each of his lines dear.</summary>
    private void DropOldest(TemplateSource source, long now, TemplateOptions options)
    {
        foreach (LineTemplate oldest in source.Tree.All.OrderBy(t => t.Last).Take((source.Tree.Count / 16) + 1).ToList())
            Remove(source, oldest, "full");
        source.FullUntil = now + (long)options.Learn.TotalNanoseconds;
        source.IsChanged = true;
    }

    private ulong NextSeed() => _seed + (++_seeds * 0x9E37_79B9_7F4A_7C15);
}
