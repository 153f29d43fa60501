using System.Net;
using Metrics.Configuration;
using Metrics.Pollers.OpenStack;
using Metrics.Text;

namespace Metrics.Pollers.Scrape;

/// <summary>The targets of all scrape jobs as they are now: static lists, and files that are read again when they change.</summary>
internal sealed partial class ScrapeSource(
    PollMetrics metrics, CloudMetrics clouds, TimeProvider time, ILogger<ScrapeSource> log)
    : ITargetSource, IDisposable
{
    /// <summary>Targets of one file that are named in the log, where there are more.</summary>
    private const int MaxSaid = 10;

    private readonly Dictionary<SectionId, HttpMessageInvoker> _clients = [];

    /// <summary>Clients of jobs that have gone. Their polls end after this look, so that they can be disposed at the next.</summary>
    private readonly List<HttpMessageInvoker> _gone = [];

    private readonly Dictionary<SectionId, DiscoveredGroups> _discovered = [];

    /// <summary>By place: what lists that have gone at this look had found.</summary>
    private readonly Dictionary<string, IReadOnlyList<TargetGroup>> _lists = [];

    /// <summary>What is wrong with targets at this look, and what was at the last.</summary>
    private HashSet<string> _faults = [], _saidFaults = [];

    /// <summary>By pattern: the files that were there at the last look, or when their folder could be read last.</summary>
    private readonly Dictionary<string, IReadOnlyList<string>> _found = [];
    private readonly Dictionary<string, (string State, IReadOnlyList<TargetGroup> Groups)> _files = [];

    /// <summary>Every target of the jobs. A file or folder that became unreadable keeps the targets it had.</summary>
    public IEnumerable<TargetDeclaration> Discover(TargetSections sections)
    {
        List<ScrapeJob> jobs = [.. sections.OfType<ScrapeJob>()];
        (_saidFaults, _faults) = (_faults, []);
        _gone.ForEach(c => c.Dispose());
        _gone.Clear();
        foreach (SectionId id in _clients.Keys.Except(jobs.Select(j => j.Id)).ToList())
        {
            _clients.Remove(id, out HttpMessageInvoker? client);
            _gone.Add(client!);
        }
        EndDiscoveries(jobs);
        foreach (ScrapeJob job in jobs)
        {
            if (!_clients.TryGetValue(job.Id, out HttpMessageInvoker? http))
                _clients.Add(job.Id, http = CreateClient(job));
            List<(string Address, TargetGroup Group)> all = [.. GroupsOf(job).SelectMany(g => g.Targets.Select(a => (a, g)))];
            List<TargetDeclaration> targets =
                [.. all.Select(t => Target(job, t.Address, t.Group, http)).OfType<TargetDeclaration>()];
            bool isTooMany = targets.DistinctBy(t => t.Identity).Count() > job.Limits.Targets;
            foreach (TargetDeclaration target in isTooMany ? targets.Select(job.Refused) : targets)
                yield return target;
        }
    }

    public void Dispose()
    {
        foreach (HttpMessageInvoker client in _clients.Values.Concat(_gone))
            client.Dispose();
        EndDiscoveries([]);
    }

    private IEnumerable<TargetGroup> GroupsOf(ScrapeJob job) =>
    [
        .. job.Static,
        .. job.Files.SelectMany(f => f.Patterns.SelectMany(FilesOf).Distinct().Order(StringComparer.Ordinal)).SelectMany(ReadFile),
        .. job.Discoveries.SelectMany(Discovered),
    ];

    /// <summary>What a list found last; it is asked again in the background where it is time.</summary>
    private IEnumerable<TargetGroup> Discovered(Discovery discovery)
    {
        if (!_discovered.TryGetValue(discovery.Id, out DiscoveredGroups? found))
        {
            var tools = new FinderTools(time, clouds, log);
            _lists.Remove(discovery.Place, out IReadOnlyList<TargetGroup>? before);
            _discovered.Add(discovery.Id, found = new DiscoveredGroups(discovery, tools, metrics, before ?? []));
        }
        found.Look();
        foreach (string fault in found.Faults.Where(IsNew))
            LogDiscovery(fault);
        return found.Groups;
    }

    private void EndDiscoveries(IEnumerable<ScrapeJob> jobs)
    {
        _lists.Clear();
        foreach (SectionId id in _discovered.Keys.Except(jobs.SelectMany(j => j.Discoveries).Select(d => d.Id)).ToList())
        {
            _discovered.Remove(id, out DiscoveredGroups? gone);
            _lists[gone!.Place] = gone.Groups;
            gone.Dispose();
        }
    }

    private TargetDeclaration? Target(ScrapeJob job, string address, TargetGroup group, HttpMessageInvoker http)
    {
        TargetDeclaration? target = null;
        metrics.Faults.Guard("pollers", () =>
        {
            try
            {
                target = job.ToTarget(address, group.Labels, http, time);
            }
            catch (FormatException e)
            {
                Say(job, address, e.Message);
            }
        }, time);
        return target;
    }

    /// <summary>Says what is wrong with a target, once as long as it stays so.</summary>
    private void Say(ScrapeJob job, string address, string fault)
    {
        string said = $"{job.Name}/{address}: {fault}";
        if (IsNew(said))
            LogWrongTarget(said);
    }

    private bool IsNew(string said) => _faults.Add(said) && !_saidFaults.Contains(said);

    private IReadOnlyList<string> FilesOf(string pattern)
    {
        var unreadable = new Dictionary<string, Problem>();
        List<string> files = [.. PathPattern.Files(pattern, (folder, e) => unreadable[folder] = PathPattern.Unreadable(folder, e))];
        if (unreadable.Count > 0)
        {
            SayBadFile(unreadable.Values);
            IReadOnlyList<string> before = _found.GetValueOrDefault(pattern) ?? [];
            files.AddRange(before.Where(f => unreadable.Keys.Any(folder => IsBelow(f, folder))));
        }
        return _found[pattern] = [.. files.Distinct()];
    }

    /// <param name="file">The path of a file.</param>
    /// <param name="folder">That of a folder; empty is the one at hand, of which paths say nothing.</param>
    private static bool IsBelow(string file, string folder) =>
        folder.Length == 0 || file.StartsWith(folder.TrimEnd('/') + '/', StringComparison.Ordinal);

    private void SayBadFile(IEnumerable<Problem> problems)
    {
        string said = string.Join("; ", problems);
        if (IsNew(said))
            LogBadFile(said);
    }

    private IReadOnlyList<TargetGroup> ReadFile(string file)
    {
        string state = FileState.Of(file);
        if (_files.TryGetValue(file, out var known) && state.Length > 0 && known.State == state)
            return known.Groups;
        var problems = new List<Problem>();
        var leftOut = new List<string>();
        IReadOnlyList<TargetGroup> groups = FileDiscovery.ReadFile(file, problems, leftOut);
        if (leftOut.Count > 0)
            LogLeftOut(leftOut.Count, file, string.Join("; ", leftOut.Take(MaxSaid)));
        if (problems.Count > 0)
        {
            SayBadFile(problems);
            groups = known.Groups ?? [];
        }
        _files[file] = (state, groups);
        return groups;
    }

    private static HttpMessageInvoker CreateClient(ScrapeJob job) => job.Access.ToSettings(new HttpSettings
    {
        Decompression = job.Compression ? DecompressionMethods.GZip | DecompressionMethods.Deflate : DecompressionMethods.None,
        ConnectTimeout = job.Timeout,
        // A target that sends more than it may is cut off, not read to its end.
        DrainsAnswers = false,
    }).CreateInvoker();

    [LoggerMessage(Level = LogLevel.Warning, Message = "A target is not taken: {Fault}")]
    private partial void LogWrongTarget(string fault);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Targets are not discovered: {Fault}")]
    private partial void LogDiscovery(string fault);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} targets of {File} are not taken: {Targets}")]
    private partial void LogLeftOut(int count, string file, string targets);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Targets of a file are not taken, those it had before stay: {Problems}")]
    private partial void LogBadFile(string problems);
}
