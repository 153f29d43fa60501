using System.Buffers;
using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;

namespace Metrics.Rules.Sigma;

/// <summary>Makes what one field's value must pass.</summary>
internal static class SigmaValueTests
{
    /// <summary>A value that meets any of some patterns.</summary>
    public static Predicate<string> AnyOf(IReadOnlyList<SigmaPattern> patterns, bool isCased)
    {
        if (patterns.Count > 1 && patterns.All(p => p.Literal is not null))
        {
            HashSet<string> literals = patterns.Select(p => p.Literal!)
                .ToHashSet(isCased ? StringComparer.Ordinal : StringComparer.OrdinalIgnoreCase);
            return literals.Contains;
        }
        if (patterns.Count > 1 && patterns.All(p => p.Contained is not null))
        {
            SearchValues<string> texts = SearchValues.Create(
                [.. patterns.Select(p => p.Contained!)], isCased ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase);
            return v => v.AsSpan().ContainsAny(texts);
        }
        SigmaPattern[] all = [.. patterns];
        return v => Array.Exists(all, p => p.IsMatch(v));
    }

    /// <summary>A regular expression, which may stand anywhere in the value; null when it is not valid.</summary>
    /// <remarks>In time linear in the value: look-around and back-references are refused.</remarks>
    public static Predicate<string>? Regex(string pattern, string flags, out string? error)
    {
        RegexOptions options = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant;
        foreach (char flag in flags)
            options |= flag switch { 'i' => RegexOptions.IgnoreCase, 'm' => RegexOptions.Multiline, _ => RegexOptions.Singleline };
        error = null;
        try
        {
            var regex = new Regex(pattern.Replace("(?P<", "(?<", StringComparison.Ordinal), options);
            return regex.IsMatch;
        }
        catch (NotSupportedException)
        {
            error = "look-around, back-references, atomic groups and conditions are not supported: they may take time without bound";
        }
        catch (RegexParseException e)
        {
            error = $"is not a valid regular expression: {e.Message}";
        }
        return null;
    }

    /// <summary>An address within a network; null when it is none.</summary>
    public static Predicate<string>? Network(string network)
    {
        if (!IPNetwork.TryParse(network, out IPNetwork parsed))
            return null;
        return v => IPAddress.TryParse(v, out IPAddress? address)
            && parsed.Contains(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address);
    }

    /// <summary>A number that is greater or less; null when the limit is none.</summary>
    public static Predicate<string>? Number(string comparison, string limit)
    {
        if (!TryRead(limit, out double bound))
            return null;
        return v => TryRead(v, out double number) && comparison switch
        {
            "gt" => number > bound,
            "gte" => number >= bound,
            "lt" => number < bound,
            _ => number <= bound,
        };
    }

    private static bool TryRead(string text, out double number) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out number);
}
