using System.Text;
using Metrics.Routing;
using Metrics.Series;

namespace Metrics.Fuzz;

/// <summary>Matchers of silences, routes and queries of alerts: what is written of them is read as them.</summary>
internal static class MatchersTarget
{
    public static void Try(ReadOnlyMemory<byte> input)
    {
        IReadOnlyList<LabelMatcher> matchers;
        try
        {
            matchers = MatcherText.Parse(Encoding.UTF8.GetString(input.Span));
        }
        catch (FormatException)
        {
            return;
        }
        string written = Write(matchers);
        FuzzException.IfNotEqual(written, Write(MatcherText.Parse(written)), "matchers are others when they are written and read");
        foreach (LabelMatcher matcher in matchers)
            matcher.Matches("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab");
    }

    private static string Write(IEnumerable<LabelMatcher> matchers) => $"{{{string.Join(",", matchers.Select(MatcherText.Write))}}}";
}
