using System.Text;
using Metrics.Model;
using Metrics.Query;
using Metrics.Query.Engine;
using Metrics.Query.Syntax;
using Metrics.Rules.Testing;

namespace Metrics.Fuzz;

/// <summary>A query: its canonical form is the canonical form of itself, and it is answered or refused.</summary>
internal static class PromqlTarget
{
    private const long Now = 1_795_000_000_000;
    private const int Samples = 40;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    private static readonly QueryEngine s_engine =
        new(new EngineOptions { MaxSamples = 100_000, MaxSamplesRead = 1_000_000, MaxBytes = 64 << 20 });

    private static readonly MemorySeries s_series = Series();

    public static void Try(ReadOnlyMemory<byte> input)
    {
        string text = Encoding.UTF8.GetString(input.Span);
        if (!PreparedQuery.TryParse(text, out PreparedQuery? query, out _))
            return;
        string printed = Printer.Print(query!.Root);
        Expr again = Parser.TryParse(printed, out QueryError? error) ?? throw new FuzzException($"{printed}: {error}");
        FuzzException.IfNotEqual(printed, Printer.Print(again), "the canonical form has another");
        if (Parser.TryParse(Printer.Pretty(query.Root), out error) is null)
            throw new FuzzException($"{Printer.Pretty(query.Root)}: {error}");
        using var late = new CancellationTokenSource(s_patience, TimeProvider.System);
        Ask(() => s_engine.Instant(query, s_series, Now, null, late.Token));
        Ask(() => s_engine.Range(query, s_series, EvaluationSteps.Between(Now - 600_000, Now, 60_000), null, late.Token));
    }

    private static void Ask(Action question)
    {
        try
        {
            question();
        }
        catch (QueryException)
        {
        }
    }

    private static MemorySeries Series()
    {
        var series = new MemorySeries();
        string[] texts = ["a{x=\"1\",le=\"1\"}", "a{x=\"2\",le=\"+Inf\"}", "b{x=\"1\",y=\"z\"}", "b{x=\"2\"}"];
        foreach (string text in texts)
        {
            VectorSelector selector = Parser.TryParseSelector(text, out _)!;
            Labels labels = Labels.Of([.. selector.Matchers.Select(m => new Label(m.Name, m.Value))]);
            for (int i = 0; i < Samples; i++)
                series.Add(labels, Now - ((Samples - i) * 30_000), i % 7 == 6 ? double.NaN : i % 11);
        }
        return series;
    }
}
