using System.Globalization;
using Metrics.Query.Syntax;

namespace Metrics.Query.Engine;

/// <summary>Warnings and hints about an evaluation, each told once, with its place in the expression.</summary>
internal sealed class Notes(string text)
{
    /// <summary>Kept of each; a query over many series must not answer with as many lines.</summary>
    private const int MaxKept = 10;

    private readonly List<string> _warnings = [];
    private readonly List<string> _infos = [];

    public IReadOnlyList<string> Warnings => _warnings;

    public IReadOnlyList<string> Infos => _infos;

    public void Warn(Expr at, string message) => Add(_warnings, $"PromQL warning: {message} {Location(at)}");

    public void Inform(Expr at, string message) => Add(_infos, $"PromQL info: {message} {Location(at)}");

    private static void Add(List<string> to, string message)
    {
        if (to.Count < MaxKept && !to.Contains(message))
            to.Add(message);
    }

    private string Location(Expr at)
    {
        QueryError place = QueryError.At(text, at.Span.Start, "");
        return string.Create(CultureInfo.InvariantCulture, $"({place.Line}:{place.Column})");
    }
}
