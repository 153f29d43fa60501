using System.Text;
using Metrics.Formats.Logs;
using Metrics.Text;

namespace Metrics.Inputs.Logs;

/// <summary>Which lines of a log make one record: the key <c>multiline</c>. A value.</summary>
/// <param name="Word"><c>auto</c>, <c>none</c> or <c>indent</c>; null where <paramref name="Start"/> says it.</param>
/// <param name="Start">Expression (RE2) that the first line of a record holds.</param>
internal sealed record MultiLine(string? Word, string? Start)
{
    private readonly Re2? _start = Start is null ? null : new Re2(Start, whole: false);

    /// <summary>As the format has it.</summary>
    public static MultiLine Auto { get; } = new("auto", null);

    /// <summary>Reads the key: a word, or <c>{ start: EXPRESSION }</c>.</summary>
    public static MultiLine Read(YamlSection section)
    {
        if (section.Value("multiline") is not YamlMap)
            return Auto with { Word = section.Choice("multiline", "auto", "auto", "none", "indent") };
        YamlSection own = section.Section("multiline");
        string start = own.RequiredText("start");
        own.Finish();
        try
        {
            return new MultiLine(null, start);
        }
        catch (ArgumentException e)
        {
            own.Report("start", $"is no expression: {e.Message}");
            return Auto;
        }
    }

    /// <summary>How a file is cut: which lines go on with a record, by its first line.</summary>
    /// <param name="reader">Knows the format of the file.</param>
    public LogJoins? JoinsFor(LogReader reader) => Word switch
    {
        "none" => null,
        "indent" => static _ => static (_, line) => !line.IsEmpty && line[0] is (byte)' ' or (byte)'\t',
        "auto" => reader.JoinFor,
        _ => _ => (_, line) => !_start!.IsMatch(Encoding.UTF8.GetString(line)),
    };

    /// <inheritdoc />
    public bool Equals(MultiLine? other) => other is not null && Word == other.Word && Start == other.Start;

    /// <inheritdoc />
    public override int GetHashCode() => HashCode.Combine(Word, Start);
}
