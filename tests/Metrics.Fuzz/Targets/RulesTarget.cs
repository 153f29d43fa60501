using System.Text;
using Metrics.Rules;
using Metrics.Text;

namespace Metrics.Fuzz;

/// <summary>A file of rules: it is taken, or every problem has a message.</summary>
internal static class RulesTarget
{
    public static void Try(ReadOnlyMemory<byte> input)
    {
        var problems = new List<Problem>();
        RuleFile.Read(Encoding.UTF8.GetString(input.Span), "rules.yaml", problems);
        if (problems.Exists(p => p.Message.Length == 0))
            throw new FuzzException("a problem without words");
    }
}
