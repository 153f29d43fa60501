using System.Buffers;
using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;

namespace Metrics.Rules.Sigma;

/// <summary>Makes what one field's value must pass.</summary>
internal static class SigmaComparisons
{
    /// <summary>Shorter texts are in nearly every value: to look for them first would be of no use.</summary>
    private const int MinNeeded = 2;

    /// <summary>A value that meets any of some patterns.</summary>
    public static Predicate<string> AnyOf(IReadOnlyList<SigmaPattern> patterns, bool isCased)
    {
        StringComparison comparison = isCased ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;
        if (patterns is [{ Literal: { } literal }])
            return v => v.Length == literal.Length && v.Equals(literal, comparison);
        if (patterns.All(p => p.Literal is not null))
            return patterns.Select(p => p.Literal!).ToHashSet(StringComparer.FromComparison(comparison)).Contains;
        SigmaPattern[] all = [.. patterns];
        if (all is [var only])
            return only.IsMatch;
        SearchValues<string> needed = SearchValues.Create([.. all.Select(p => p.Needed)], comparison);
        if (Array.TrueForAll(all, p => p.Contained is not null))
            return v => v.AsSpan().ContainsAny(needed);
        return Array.TrueForAll(all, p => p.Needed.Length >= MinNeeded)
            ? v => v.AsSpan().ContainsAny(needed) && Array.Exists(all, p => p.IsMatch(v))
            : v => Array.Exists(all, p => p.IsMatch(v));
    }

    /// <summary>A regular expression, which may stand anywhere in the value; null when it cannot be used.</summary>
    /// <param name="pattern">The expression.</param>
    /// <param name="flags">Any of i, m, s.</param>
    /// <param name="wrong">Why it cannot be used; null when it can.</param>
    /// <remarks>In time linear in the value: look-around and back-references are refused.</remarks>
    public static Predicate<string>? Regex(string pattern, string flags, out (SigmaReason Reason, string Message)? wrong)
    {
        RegexOptions options = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant;
        foreach (char flag in flags)
            options |= flag switch { 'i' => RegexOptions.IgnoreCase, 'm' => RegexOptions.Multiline, _ => RegexOptions.Singleline };
        wrong = null;
        try
        {
            var regex = new Regex(pattern.Replace("(?P<", "(?<", StringComparison.Ordinal), options);
            return regex.IsMatch;
        }
        catch (NotSupportedException)
        {
            const string Unbounded =
                "look-around, back-references, atomic groups and conditions are not supported: they may take time without bound";
            wrong = (SigmaReason.Modifier, Unbounded);
        }
        catch (ArgumentException e)
        {
            wrong = (SigmaReason.Broken, $"is not a valid regular expression: {e.Message}");
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
