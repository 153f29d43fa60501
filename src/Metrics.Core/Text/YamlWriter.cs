using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Metrics.Text;

/// <summary>Writes a tree as YAML text that reads back as the same tree: in blocks, short lists of texts in one line.</summary>
public static class YamlWriter
{
    private const int MaxInline = 90;

    /// <summary>The text of a document.</summary>
    /// <param name="root">What is written; comments of the file that it came from are not in it.</param>
    public static string Write(YamlMap root)
    {
        using var text = new StringWriter { NewLine = "\n" };
        var emitter = new Emitter(text, new EmitterSettings().WithBestWidth(int.MaxValue).WithIndentedSequences());
        emitter.Emit(new StreamStart());
        emitter.Emit(new DocumentStart(null, null, isImplicit: true));
        Emit(emitter, root);
        emitter.Emit(new DocumentEnd(isImplicit: true));
        emitter.Emit(new StreamEnd());
        return text.ToString();
    }

    private static void Emit(Emitter emitter, YamlValue value)
    {
        switch (value)
        {
            case YamlText text:
                // An empty plain text would be written as one in quotes, which is no null.
                emitter.Emit(new Scalar(AnchorName.Empty, TagName.Empty, text.IsNull ? "null" : text.Text, StyleOf(text), true, true));
                break;
            case YamlList list:
                SequenceStyle style = IsShort(list) ? SequenceStyle.Flow : SequenceStyle.Block;
                emitter.Emit(new SequenceStart(AnchorName.Empty, TagName.Empty, isImplicit: true, style));
                list.Items.ForEach(i => Emit(emitter, i));
                emitter.Emit(new SequenceEnd());
                break;
            case YamlMap map:
                MappingStyle form = map.Entries.Count == 0 ? MappingStyle.Flow : MappingStyle.Block;
                emitter.Emit(new MappingStart(AnchorName.Empty, TagName.Empty, isImplicit: true, form));
                foreach ((YamlText key, YamlValue inner) in map.Entries)
                {
                    Emit(emitter, key);
                    Emit(emitter, inner);
                }
                emitter.Emit(new MappingEnd());
                break;
        }
    }

    private static ScalarStyle StyleOf(YamlText text) =>
        text.Plain ? ScalarStyle.Plain
        : text.Text.Contains('\n', StringComparison.Ordinal) ? ScalarStyle.Literal : ScalarStyle.SingleQuoted;

    private static bool IsShort(YamlList list) =>
        list.Items.TrueForAll(i => i is YamlText text && !text.Text.Contains('\n', StringComparison.Ordinal))
        && list.Items.Cast<YamlText>().Sum(t => t.Text.Length + 2) <= MaxInline;
}
