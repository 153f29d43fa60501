using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Metrics.Model;
using Metrics.Text;

namespace Metrics.Configuration;

/// <summary>One step of relabelling, with Prometheus's actions and defaults.</summary>
/// <remarks>https://prometheus.io/docs/prometheus/latest/configuration/configuration/#relabel_config</remarks>
internal sealed record RelabelRule
{
    private static readonly string[] s_actions =
    [
        "replace", "keep", "drop", "keepequal", "dropequal", "hashmod", "labelmap", "labeldrop", "labelkeep", "lowercase", "uppercase",
    ];

    private static readonly string[] s_targeted = ["replace", "hashmod", "lowercase", "uppercase", "keepequal", "dropequal"];

    public required IReadOnlyList<string> SourceLabels { get; init; }

    public required string Separator { get; init; }

    public required Re2 Regex { get; init; }

    public required string TargetLabel { get; init; }

    public required string Replacement { get; init; }

    public required string Action { get; init; }

    public required ulong Modulus { get; init; }

    /// <summary>The rules under a key.</summary>
    public static IReadOnlyList<RelabelRule> ReadAll(YamlSection section, string key) =>
        [.. section.Sections(key).Select(Read).OfType<RelabelRule>()];

    private static RelabelRule? Read(YamlSection section)
    {
        string action = section.Choice("action", "replace", s_actions).ToLowerInvariant();
        string pattern = section.Text("regex", "(.*)");
        Re2? regex = null;
        try
        {
            regex = new Re2(pattern);
        }
        catch (ArgumentException e)
        {
            section.Report("regex", $"is not a valid regular expression: {e.Message}");
        }
        string target = section.Text("target_label", "");
        if (target.Length == 0 && s_targeted.Contains(action))
            section.Report("target_label", $"is required for the action {action}");
        int modulus = section.Number("modulus", 0);
        if (action == "hashmod" && modulus == 0)
            section.Report("modulus", "must be at least 1 for the action hashmod");
        IReadOnlyList<string> sources = section.Texts("source_labels");
        string separator = section.Text("separator", ";");
        string replacement = section.Text("replacement", "$1");
        section.Finish();
        return regex is null ? null : new RelabelRule
        {
            SourceLabels = sources, Separator = separator, Regex = regex, TargetLabel = target, Replacement = replacement, Action = action,
            Modulus = (ulong)Math.Max(1, modulus),
        };
    }

    /// <summary>Applies rules in order.</summary>
    /// <returns>False when the thing with these labels is dropped.</returns>
    public static bool Apply(IReadOnlyList<RelabelRule> rules, Dictionary<string, string> labels)
    {
        foreach (RelabelRule rule in rules)
        {
            if (!rule.Apply(labels))
                return false;
        }
        return true;
    }

    private bool Apply(Dictionary<string, string> labels)
    {
        string value = string.Join(Separator, SourceLabels.Select(l => labels.GetValueOrDefault(l, "")));
        switch (Action)
        {
            case "keep":
                return Regex.IsMatch(value);
            case "drop":
                return !Regex.IsMatch(value);
            case "keepequal":
                return labels.GetValueOrDefault(TargetLabel, "") == value;
            case "dropequal":
                return labels.GetValueOrDefault(TargetLabel, "") != value;
            case "lowercase":
                Set(labels, TargetLabel, value.ToLowerInvariant());
                break;
            case "uppercase":
                Set(labels, TargetLabel, value.ToUpperInvariant());
                break;
            case "hashmod":
                Set(labels, TargetLabel, (Hash(value) % Modulus).ToString(CultureInfo.InvariantCulture));
                break;
            case "labeldrop":
                foreach (string name in labels.Keys.Where(n => Regex.IsMatch(n)).ToList())
                    labels.Remove(name);
                break;
            case "labelkeep":
                foreach (string name in labels.Keys.Where(n => !Regex.IsMatch(n)).ToList())
                    labels.Remove(name);
                break;
            case "labelmap":
                foreach ((string name, string mapped) in labels.ToList())
                {
                    if (Regex.Expand(name, Replacement) is { } renamed)
                        Set(labels, renamed, mapped);
                }
                break;
            default:
                if (Regex.Expand(value, TargetLabel) is { } label)
                    Set(labels, label, Regex.Expand(value, Replacement)!);
                break;
        }
        return true;
    }

    private static void Set(Dictionary<string, string> labels, string name, string value)
    {
        if (name.Length == 0)
            return;
        if (value.Length == 0)
            labels.Remove(name);
        else
            labels[name] = value;
    }

    /// <summary>The last eight bytes of the MD5 sum, as Prometheus takes them: an old choice, no secret rests on it.</summary>
    private static ulong Hash(string value)
    {
#pragma warning disable CA5351 // Compatibility with Prometheus's hashmod
        byte[] sum = MD5.HashData(Encoding.UTF8.GetBytes(value));
#pragma warning restore CA5351
        return BinaryPrimitives.ReadUInt64BigEndian(sum.AsSpan(8));
    }
}
