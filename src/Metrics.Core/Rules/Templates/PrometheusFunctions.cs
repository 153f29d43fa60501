using System.Globalization;
using System.Net;
using Metrics.Model;
using Metrics.Query;
using static Metrics.Rules.Templates.GoFunctions;

namespace Metrics.Rules.Templates;

/// <summary>The functions that Prometheus adds to those of Go's templates.</summary>
/// <remarks>https://prometheus.io/docs/prometheus/latest/configuration/template_reference/#functions</remarks>
internal static class PrometheusFunctions
{
    public static IReadOnlyDictionary<string, GoFunction> All { get; } = new Dictionary<string, GoFunction>
    {
        ["query"] = new(1, 1, (a, scope) => scope.Ask(AsText(a[0])).Cast<object?>().ToList()),
        ["first"] = new(1, 1, (a, _) => Samples(a[0]) is [var first, ..]
                ? first
                : throw new TemplateException("first() called on vector with no elements")),
        ["label"] = new(2, 2, (a, _) => Sample(a[1]).Labels[AsText(a[0])]),
        ["value"] = new(1, 1, (a, _) => Sample(a[0]).Sample.Value),
        ["strvalue"] = new(1, 1, (a, _) => Sample(a[0]).Labels["__value__"]),
        ["sortByLabel"] = new(
            2, 2, (a, _) => Samples(a[1]).Cast<VectorElement>().OrderBy(e => e.Labels[AsText(a[0])], StringComparer.Ordinal).Cast<object?>()
                .ToList()),
        ["args"] = new(0, 99, (a, _) => a.Select((v, i) => (Key: $"arg{i}", Value: v)).ToDictionary(v => v.Key, v => v.Value)),

        ["reReplaceAll"] = new(3, 3, (a, _) => Replace(a, GoLibrary.RuleText)),
        ["match"] = new(2, 2, (a, _) => Regex(AsText(a[0])).IsMatch(AsText(a[1]))),
        ["title"] = new(1, 1, (a, _) => Title(AsText(a[0]))),
        ["toUpper"] = new(1, 1, (a, _) => AsText(a[0]).ToUpperInvariant()),
        ["toLower"] = new(1, 1, (a, _) => AsText(a[0]).ToLowerInvariant()),
        ["safeHtml"] = new(1, 1, (a, _) => AsText(a[0])),
        ["stripPort"] = new(1, 1, (a, _) => StripPort(AsText(a[0]))),
        ["stripDomain"] = new(1, 1, (a, _) => StripDomain(AsText(a[0]))),
        ["graphLink"] = new(1, 1, (a, _) => $"/graph?g0.expr={Uri.EscapeDataString(AsText(a[0]))}&g0.tab=0"),
        ["tableLink"] = new(1, 1, (a, _) => $"/graph?g0.expr={Uri.EscapeDataString(AsText(a[0]))}&g0.tab=1"),
        ["externalURL"] = new(0, 0, (_, scope) => scope.ExternalUrl),
        ["pathPrefix"] = new(
            0, 0, (_, scope) => Uri.TryCreate(scope.ExternalUrl, UriKind.Absolute, out Uri? url) ? url.AbsolutePath.TrimEnd('/') : ""),

        ["humanize"] = new(1, 1, (a, _) => TemplateFunctions.Humanize(Number(a[0]))),
        ["humanize1024"] = new(1, 1, (a, _) => TemplateFunctions.Humanize1024(Number(a[0]))),
        ["humanizeDuration"] = new(1, 1, (a, _) => TemplateFunctions.HumanizeDuration(Number(a[0]))),
        ["humanizePercentage"] = new(1, 1, (a, _) => TemplateFunctions.HumanizePercentage(Number(a[0]))),
        ["humanizeTimestamp"] = new(1, 1, (a, _) => TemplateFunctions.HumanizeTimestamp(Number(a[0]))),
        ["toTime"] = new(1, 1, (a, _) => GoTime.Utc(DateTimeOffset.UnixEpoch.AddSeconds(Number(a[0])))),
        ["parseDuration"] = new(1, 1, (a, _) => Duration.TryParse(AsText(a[0]), out TimeSpan span)
                ? span.TotalSeconds
                : throw new TemplateException($"not a valid duration string: \"{AsText(a[0])}\"")),
        ["now"] = new(0, 0, (_, scope) => scope.At / 1000.0),
    };

    private static List<object?> Samples(object? value) =>
        value as List<object?> ?? throw new TemplateException("expected the result of query");

    private static VectorElement Sample(object? value) =>
        value is VectorElement element ? element : throw new TemplateException("expected a sample of a query's result");

    private static string Title(string text)
    {
        char[] letters = text.ToCharArray();
        for (int i = 0; i < letters.Length; i++)
        {
            if (i == 0 || !(char.IsLetterOrDigit(letters[i - 1]) || letters[i - 1] is '_' or '\''))
                letters[i] = char.ToUpper(letters[i], CultureInfo.InvariantCulture);
        }
        return new string(letters);
    }

    private static string StripPort(string address)
    {
        int colon = address.LastIndexOf(':');
        bool isSix = address.Count(c => c == ':') > 1 && !address.StartsWith('[');
        if (colon < 0 || isSix)
            return address;
        return address[..colon].Trim('[', ']');
    }

    private static string StripDomain(string address)
    {
        int colon = address.LastIndexOf(':');
        string host = colon < 0 ? address : address[..colon], port = colon < 0 ? "" : address[colon..];
        if (IPAddress.TryParse(host, out _))
            return address;
        int dot = host.IndexOf('.', StringComparison.Ordinal);
        return (dot < 0 ? host : host[..dot]) + port;
    }
}
