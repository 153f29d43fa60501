using Metrics.Model;

namespace Metrics.Cli;

/// <summary>Labels as words of a command line: <c>team=db</c>.</summary>
internal static class LabelWords
{
    /// <summary>Reads them.</summary>
    /// <exception cref="CommandException">One is no label, or given twice.</exception>
    public static Labels Read(IEnumerable<string> words)
    {
        var labels = new List<Label>();
        foreach (string word in words)
        {
            int sign = word.IndexOf('=', StringComparison.Ordinal);
            if (sign <= 0)
                throw new CommandException(ExitCode.Misuse, $"'{word}' is no label; write NAME=VALUE");
            labels.Add(new Label(word[..sign], word[(sign + 1)..].Trim('"')));
        }
        return Labels.TryCreate([.. labels], out Labels? read, out string? repeated)
            ? read!
            : throw new CommandException(ExitCode.Misuse, $"the label '{repeated}' is given twice");
    }
}
