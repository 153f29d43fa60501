using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Metrics.Text;

/// <summary>
/// Makes a tree with places out of YAML text. Unlike the library's own tree it reports every repeated key instead of stopping at the first.
/// Anchors, aliases and merge keys (<c>&lt;&lt;</c>) are resolved.
/// As in Go's YAML library, for which most rule files were written, a quoted text may go on at the indentation of its own key.
/// </summary>
public sealed class YamlComposer
{
    private const int MaxDepth = 64;
    private const int MaxRepairs = 200;

    /// <summary>Values that aliases may stand for: ten lines of ten aliases each, of one another, are ten thousand million.</summary>
    private const long MaxAliased = 1_000_000;

    /// <summary>A text counts as one value more for each so many characters.</summary>
    private const int LongText = 64;

    private readonly string _file;
    private readonly List<Problem> _problems;
    private readonly Dictionary<string, (YamlValue Value, long Size)> _anchors = [];
    private readonly Parser _parser;

    /// <summary>Values so far, what an alias stands for counted each time.</summary>
    private long _values;
    private long _aliased;

    private YamlComposer(string text, string file, List<Problem> problems)
    {
        _file = file;
        _problems = problems;
        _parser = new Parser(new StringReader(text));
    }

    /// <summary>Reads the first document of a stream.</summary>
    /// <param name="text">The YAML text.</param>
    /// <param name="file">Name for messages.</param>
    /// <param name="problems">Added to: broken syntax, repeated keys.</param>
    /// <returns>The document, or null when it is empty or broken.</returns>
    public static YamlValue? Compose(string text, string file, List<Problem> problems) =>
        Compose(text, file, problems, max: 1) is [var root] ? root : null;

    /// <summary>Reads all documents of a stream; those that are empty are left out.</summary>
    /// <inheritdoc cref="Compose(string, string, List{Problem})" />
    /// <returns>The documents; none when one of them is broken.</returns>
    public static IReadOnlyList<YamlValue> ComposeAll(string text, string file, List<Problem> problems) =>
        Compose(text, file, problems, max: int.MaxValue);

    private static IReadOnlyList<YamlValue> Compose(string text, string file, List<Problem> problems, int max)
    {
        // The parser takes it for the end: what stands behind it, or all of it, would not be there.
        if (text.IndexOf('\0', StringComparison.Ordinal) is >= 0 and var at)
        {
            int line = text.AsSpan(0, at).Count('\n') + 1, column = at - text.LastIndexOf('\n', at);
            problems.Add(new Problem(file, line, column, "broken YAML: a NUL byte, which no text has; is this another file?"));
            return [];
        }
        for (int repairs = 0; ; repairs++)
        {
            var found = new List<Problem>();
            try
            {
                List<YamlValue> roots = new YamlComposer(text, file, found).ComposeDocuments(max);
                problems.AddRange(found);
                return roots;
            }
            catch (YamlException e) when (repairs < MaxRepairs
                && e.Message.Contains("-quoted scalar, found wrong indentation", StringComparison.Ordinal)
                && e.End.Index < text.Length)
            {
                // The blanks in front of a continued line are not part of the text: one more changes nothing but pleases the parser.
                text = text.Insert((int)e.End.Index, " ");
            }
            catch (YamlException e)
            {
                string reason = e.InnerException?.Message ?? e.Message;
                problems.AddRange([.. found, new Problem(file, (int)e.Start.Line, (int)e.Start.Column, $"broken YAML: {reason}")]);
                return [];
            }
            catch (Exception e) when (e is ArgumentException or InvalidOperationException or IndexOutOfRangeException
                or NullReferenceException)
            {
                // The parser itself fails at some texts, such as {a: 1,{b: 2}.
                problems.AddRange([.. found, new Problem(file, 1, 1, $"broken YAML: the parser cannot read it ({e.Message})")]);
                return [];
            }
        }
    }

    private List<YamlValue> ComposeDocuments(int max)
    {
        var roots = new List<YamlValue>();
        _parser.Consume<StreamStart>();
        for (int read = 0; read < max && !_parser.Accept<StreamEnd>(out _); read++)
        {
            if (read > 0)
                _anchors.Clear();
            _parser.Consume<DocumentStart>();
            YamlValue root = ComposeValue(0);
            if (root is not YamlText { IsNull: true })
                roots.Add(root);
            if (max > 1)
                _parser.Consume<DocumentEnd>();
        }
        return roots;
    }

    private YamlValue ComposeValue(int depth)
    {
        if (depth > MaxDepth)
            throw new YamlException(_parser.Current!.Start, _parser.Current.End, $"nested more than {MaxDepth} deep");
        if (_parser.TryConsume<AnchorAlias>(out var alias))
        {
            if (!_anchors.TryGetValue(alias.Value.Value, out (YamlValue Value, long Size) known))
                throw new YamlException(alias.Start, alias.End, $"the alias '*{alias.Value}' has no anchor before it");
            _values += known.Size;
            _aliased += known.Size;
            if (_aliased > MaxAliased)
                throw new YamlException(alias.Start, alias.End, $"too many values by aliases, with '*{alias.Value}': at most {MaxAliased}");
            return known.Value;
        }
        long before = _values++;
        NodeEvent node = _parser.Current as NodeEvent
            ?? throw new YamlException(_parser.Current!.Start, _parser.Current.End, "expected a value");
        YamlValue value = node switch
        {
            Scalar => ComposeText(),
            SequenceStart => ComposeList(depth),
            _ => ComposeMap(depth),
        };
        if (!node.Anchor.IsEmpty)
            _anchors[node.Anchor.Value] = (value, _values - before);
        return value;
    }

    private YamlText ComposeText()
    {
        Scalar scalar = _parser.Consume<Scalar>();
        _values += scalar.Value.Length / LongText;
        return new YamlText
        {
            Line = (int)scalar.Start.Line,
            Column = (int)scalar.Start.Column,
            Text = scalar.Value,
            Plain = scalar.Style == ScalarStyle.Plain,
        };
    }

    private YamlList ComposeList(int depth)
    {
        SequenceStart start = _parser.Consume<SequenceStart>();
        var list = new YamlList { Line = (int)start.Start.Line, Column = (int)start.Start.Column };
        while (!_parser.TryConsume<SequenceEnd>(out _))
            list.Items.Add(ComposeValue(depth + 1));
        return list;
    }

    private YamlMap ComposeMap(int depth)
    {
        MappingStart start = _parser.Consume<MappingStart>();
        var map = new YamlMap { Line = (int)start.Start.Line, Column = (int)start.Start.Column };
        var merged = new List<YamlMap>();
        var keys = new Dictionary<string, YamlText>();
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            if (!_parser.Accept<Scalar>(out _))
                throw new YamlException(_parser.Current!.Start, _parser.Current.End, "a key must be a plain text");
            YamlText key = ComposeText();
            YamlValue value = ComposeValue(depth + 1);
            if (key is { Text: "<<", Plain: true })
                merged.AddRange(value is YamlList list ? list.Items.OfType<YamlMap>() : value is YamlMap one ? [one] : []);
            else if (keys.TryAdd(key.Text, key))
                map.Entries.Add(new(key, value));
            else
                Report(key, $"the key '{key.Text}' is given twice; it stands in line {keys[key.Text].Line} already");
        }
        foreach (KeyValuePair<YamlText, YamlValue> entry in merged.SelectMany(m => m.Entries))
        {
            if (keys.TryAdd(entry.Key.Text, entry.Key))
                map.Entries.Add(entry);
        }
        return map;
    }

    private void Report(YamlText at, string what) => _problems.Add(new Problem(_file, at.Line, at.Column, what));
}
