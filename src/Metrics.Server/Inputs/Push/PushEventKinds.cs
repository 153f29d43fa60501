using Metrics.Text;

namespace Metrics.Inputs.Push;

/// <summary><c>inputs.push.events</c>: measurements of line protocol that hold events, and what kind of event each is.</summary>
internal static class PushEventKinds
{
    private const string DefaultKind = "log";

    /// <summary>Reads a map from measurement to kind; an empty kind is <c>log</c>. Default: none.</summary>
    public static IReadOnlyDictionary<string, string> Read(YamlSection push) =>
        push.Map("events").ToDictionary(e => e.Key, e => e.Value.Length == 0 ? DefaultKind : e.Value);
}
