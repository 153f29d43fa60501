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

    /// <summary>When a node was last heard of, milliseconds since 1970 UTC; null forgets it.</summary>
    public static SourcePosition SeenOf(string node, long? at) => new(SeenSource, node, at?.ToString(CultureInfo.InvariantCulture));

    /// <summary>What is stored of how far a log is here; null where it makes no sense.</summary>
    public static (string Node, string Log, long Place)? Read(SourcePosition position) =>
        position.Key.Split(' ') is [var node, var log] && TryReadNumber(position.State, out long place) ? (node, log, place) : null;

    /// <summary>A stored number.</summary>
    public static bool TryReadNumber(string? text, out long number) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
