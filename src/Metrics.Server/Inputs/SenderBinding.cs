using System.Collections.Concurrent;
using System.Net;
using Metrics.Model;
using Metrics.Text;

namespace Metrics.Inputs;

/// <summary>
/// Of whom alone somebody may send: of some hosts, or of one project. What says another is refused; where nothing says whom it is about,
/// it is said for them. So a token that was stolen from one host says nothing of others, and nothing in the place of what watches that
/// host. Safe for use by several threads.
/// </summary>
internal sealed class SenderBinding
{
    /// <summary>The label of what is bound to hosts.</summary>
    public const string HostLabel = "host";

    /// <summary>Verdicts that are kept, so that known series are judged once.</summary>
    private const int MaxKept = 100_000;

    /// <summary>Names the node on what it forwards.</summary>
    private const string NodeLabel = "node";

    private readonly IReadOnlyList<string> _allowed;
    private readonly string[] _names;
    private readonly ConcurrentDictionary<Labels, (Labels Bound, string? Fault)> _series = new();

    private SenderBinding(string key, string label, string[] names, IReadOnlyList<string> allowed)
    {
        Key = key;
        Label = label;
        _names = [label, .. names];
        _allowed = allowed;
    }

    /// <summary>The key that it is configured by: <c>hosts</c> or <c>project_id</c>.</summary>
    public string Key { get; }

    /// <summary>The label that is set: <c>host</c> or <c>project_id</c>.</summary>
    public string Label { get; }

    /// <summary>
    /// Bound to hosts: labels <c>host</c>, <c>node</c>, <c>instance</c> (its port does not matter), <c>host.name</c>, <c>host_name</c>.
    /// </summary>
    public static SenderBinding ToHosts(IReadOnlyList<string> hosts) =>
        new("hosts", HostLabel, [NodeLabel, "instance", "host.name", "host_name"], hosts);

    /// <summary>Bound to a project: labels <c>project_id</c>, <c>tenant_id</c>, <c>cloud.project.id</c>, <c>cloud_project_id</c>.</summary>
    public static SenderBinding ToProject(string id) =>
        new("project_id", "project_id", ["tenant_id", "cloud.project.id", "cloud_project_id"], [id]);

    /// <summary>Reads <c>hosts</c> or <c>project_id</c> of a token; null when neither is given.</summary>
    public static SenderBinding? Read(YamlSection token)
    {
        IReadOnlyList<string> hosts = token.Texts("hosts");
        string? project = token.Text("project_id");
        if (token.Has("hosts") && project is not null)
            token.Report("project_id", "and 'hosts' cannot stand together");
        if (token.Has("hosts") && (hosts.Count == 0 || hosts.Contains("")))
            token.Report("hosts", "must name at least one host, and no empty one");
        if (project is { Length: 0 })
            token.Report("project_id", "is empty");
        return token.Has("hosts") ? ToHosts(hosts) : project is not null ? ToProject(project) : null;
    }

    /// <summary>Judges what is sent by the values of its labels or fields.</summary>
    /// <param name="valueOf">The value of a name, empty when there is none.</param>
    /// <param name="set">The value that <see cref="Label"/> gets, where it is missing; else null.</param>
    /// <returns>What is wrong, or null.</returns>
    public string? Judge(Func<string, string> valueOf, out string? set)
    {
        set = null;
        string? said = null;
        foreach (string name in _names)
        {
            string value = valueOf(name);
            if (value.Length == 0)
                continue;
            if (_allowed.FirstOrDefault(a => IsOf(value, a)) is not { } allowed)
                return $"{name} is '{value}', of which this token may not send";
            said ??= allowed;
        }
        if (valueOf(Label).Length > 0)
            return null;
        set = said ?? (_allowed.Count == 1 ? _allowed[0] : null);
        return set is null ? $"the label {Label} is missing, and this token may send of {_allowed.Count}" : null;
    }

    /// <summary>Judges labels, and says in them whom they are about where they do not.</summary>
    public bool TryBind(Labels labels, out Labels bound, out string? fault) => TryBind(labels, out bound, out fault, isForwarded: false);

    private bool TryBind(Labels labels, out Labels bound, out string? fault, bool isForwarded)
    {
        fault = Judge(name => isForwarded && name == "instance" && IsLoopback(labels[name]) ? "" : labels[name], out string? set);
        bound = set is null ? labels : labels.With(Label, set);
        return fault is null;
    }

    /// <summary>
    /// Judges a series. It must have no label <c>job</c>: series of targets have one, and what a target says of a host cannot be
    /// overwritten by that host. What a node forwards of its own targets is never a series of ours, since it names the node; and what has
    /// an address of its own there, as itself, is the node's.
    /// </summary>
    public bool TryBindSeries(Labels series, out Labels bound, out string? fault)
    {
        if (!_series.TryGetValue(series, out (Labels Bound, string? Fault) verdict))
        {
            bool isForwarded = Label == HostLabel && series[NodeLabel].Length > 0;
            verdict = series["job"].Length > 0 && !isForwarded
                ? (series, "the label job belongs to targets: this token may not send it")
                : TryBind(series, out Labels made, out string? wrong, isForwarded) ? (made, null) : (series, wrong);
            if (_series.Count >= MaxKept)
                _series.Clear();
            _series[series] = verdict;
        }
        (bound, fault) = verdict;
        return fault is null;
    }

    /// <summary>
    /// Judges the newest event of a batch, and says in it whom it is about where it does not; a refused one is taken out.
    /// </summary>
    /// <returns>What is wrong, or null.</returns>
    public string? BindNewest(EventBatch batch)
    {
        int row = batch.Count - 1;
        string? fault = Judge(name => batch.Find(row, name) ?? batch.Find(row, EventFields.FullName(name)) ?? "", out string? set);
        if (fault is not null)
            batch.RemoveNewest();
        else if (set is not null)
            batch.AddField(Label == HostLabel ? EventFields.Host : EventFields.ProjectId, set);
        return fault;
    }

    private static bool IsLoopback(string instance) =>
        instance.StartsWith("localhost:", StringComparison.Ordinal)
        || (IPEndPoint.TryParse(instance, out IPEndPoint? at) && IPAddress.IsLoopback(at.Address));

    private bool IsOf(string value, string allowed) =>
        value == allowed || (Label == HostLabel && value.Length > allowed.Length + 1 && value.StartsWith(allowed, StringComparison.Ordinal)
            && value[allowed.Length] == ':' && value.AsSpan(allowed.Length + 1).IndexOfAnyExceptInRange('0', '9') < 0);
}
