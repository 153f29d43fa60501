using System.Globalization;
using Metrics.Model;

namespace Metrics.Inputs.Forward;

/// <summary>How what is known of nodes is stored: how far each log of a node is here, and when the node was last heard of.</summary>
internal static class ForwardPlaces
{
    /// <summary>Of how far logs are here: the key is node and log.</summary>
    public const string Source = "forward";

    /// <summary>Of when nodes were heard of: the key is the node.</summary>
    public const string SeenSource = "forward seen";

    /// <summary>How far a log is here; null forgets it.</summary>
    public static SourcePosition Of(string node, string log, long? place) =>
        new(Source, $"{node} {log}", place?.ToString(CultureInfo.InvariantCulture));

    /// <summary>When a node was last heard of, milliseconds since 1970 UTC.</summary>
    public static SourcePosition SeenOf(string node, long at) => new(SeenSource, node, at.ToString(CultureInfo.InvariantCulture));

    /// <summary>What is stored of how far a log is here.</summary>
    public static bool TryRead(SourcePosition position, out string node, out string log, out long place)
    {
        (node, log, place) = ("", "", 0);
        if (position.Key.Split(' ') is not [var name, var ofLog])
            return false;
        (node, log) = (name, ofLog);
        return TryReadNumber(position.State, out place);
    }

    /// <summary>A stored number.</summary>
    public static bool TryReadNumber(string? text, out long number) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
