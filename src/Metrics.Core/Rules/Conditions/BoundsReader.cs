using Metrics.Text;

namespace Metrics.Rules.Conditions;

/// <summary>
/// Reads the threshold of a rule, or of a part of it: <c>above</c>, <c>below</c>, <c>outside</c>, <c>equals</c>, <c>not_equals</c>, and
/// <c>clear</c>.
/// </summary>
internal static class BoundsReader
{
    private static readonly (string Key, ThresholdKind Kind)[] s_kinds =
    [
        ("above", ThresholdKind.Above), ("below", ThresholdKind.Below), ("outside", ThresholdKind.Outside),
        ("equals", ThresholdKind.Equals), ("not_equals", ThresholdKind.NotEquals),
    ];

    /// <summary>What is given; null when nothing is, or it is wrong.</summary>
    public static Bounds? Read(YamlSection section)
    {
        Bounds? bounds = null;
        string? given = null;
        foreach ((string key, ThresholdKind kind) in s_kinds)
        {
            if (!section.Has(key))
                continue;
            if (given is not null)
            {
                section.Report(key, $"and '{given}' cannot stand in one rule");
                continue;
            }
            given = key;
            List<RuleTemplate> limits = ReadLimits(section, key, kind == ThresholdKind.Outside ? 2 : 1);
            if (limits.Count > 0)
                bounds = new Bounds(kind, limits, null);
        }
        return section.Has("clear") ? WithClear(section, bounds, given) : bounds;
    }

    private static Bounds? WithClear(YamlSection section, Bounds? bounds, string? given)
    {
        if (given is not ("above" or "below"))
        {
            section.Report("clear", "needs 'above' or 'below' in the same rule");
            return bounds;
        }
        RuleTemplate? clear = ReadLimits(section, "clear", 1).FirstOrDefault();
        if (clear?.ConstantNumber is { } at && bounds?.Limits[0].ConstantNumber is { } limit
            && (bounds.Kind == ThresholdKind.Above ? at > limit : at < limit))
        {
            section.Report("clear", $"is {at}, which lies beyond the bound {limit}; the alert could never clear");
        }
        return bounds is null ? null : bounds with { Clear = clear };
    }

    /// <summary>Numbers or templates of a key; none when something is wrong.</summary>
    public static List<RuleTemplate> ReadLimits(YamlSection section, string key, int count)
    {
        IReadOnlyList<string> texts = section.Texts(key);
        var limits = new List<RuleTemplate>();
        if (texts.Count != count)
        {
            section.Report(key, count == 1 ? "takes one number or template" : "takes a list of two numbers or templates: [low, high]");
            return limits;
        }
        foreach (string text in texts)
        {
            if (!RuleTemplate.TryCompile(text, out RuleTemplate? template, out string? error))
                section.Report(key, $"is not a valid template: {error}");
            else if (template!.IsConstant && template.ConstantNumber is null)
                section.Report(key, $"is '{text}', which is not a number");
            else
                limits.Add(template);
        }
        return limits.Count == count ? limits : [];
    }
}
