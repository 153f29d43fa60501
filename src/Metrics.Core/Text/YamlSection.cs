using System.Globalization;
using Metrics.Model;

namespace Metrics.Text;

/// <summary>
/// Reads the keys of one mapping, one call a key, and collects every problem instead of stopping: a wrong type, a value out of range,
/// and at <see cref="Finish"/> each key that nobody asked for, here and below, with the nearest one that exists.
/// </summary>
public sealed class YamlSection
{
    private readonly YamlMap _map;
    /// <summary>Keys of a place that are listed in a message; of more the manual has them.</summary>
    private const int MaxListed = 12;

    private readonly HashSet<string> _known = [];
    private readonly HashSet<string> _refused = [];
    private readonly Dictionary<string, IReadOnlyList<YamlSection>> _below = [];
    private bool _isFinished;

    /// <param name="map">The mapping.</param>
    /// <param name="file">Name of its file, for messages.</param>
    /// <param name="path">Where it stands, such as <c>storage.influx</c>; empty at the top.</param>
    /// <param name="problems">Added to.</param>
    public YamlSection(YamlMap map, string file, string path, List<Problem> problems)
    {
        _map = map;
        File = file;
        Path = path;
        Problems = problems;
    }

    /// <summary>An empty section, whose every key has its default.</summary>
    public static YamlSection Empty(string file, string path, List<Problem> problems) =>
        new(new YamlMap { Line = 0, Column = 0 }, file, path, problems);

    /// <summary>Name of its file.</summary>
    public string File { get; }

    /// <summary>Where it stands.</summary>
    public string Path { get; }

    /// <summary>What is wrong so far.</summary>
    public List<Problem> Problems { get; }

    /// <summary>What stands in it.</summary>
    public YamlMap Content => _map;

    /// <summary>Line where it begins.</summary>
    public int Line => _map.Line;

    /// <summary>The keys that are given.</summary>
    public IEnumerable<string> Keys => _map.Entries.Select(e => e.Key.Text);

    /// <summary>The keys that were asked for, given or not.</summary>
    public IReadOnlyCollection<string> Known => _known;

    /// <summary>Whether a key is given and not null.</summary>
    public bool Has(string key) => Value(key) is not null;

    /// <summary>The raw value of a key, or null.</summary>
    public YamlValue? Value(string key)
    {
        _known.Add(key);
        return _map[key] is YamlText { IsNull: true } ? null : _map[key];
    }

    /// <summary>A text.</summary>
    public string? Text(string key)
    {
        switch (Value(key))
        {
            case null:
                return null;
            case YamlText text:
                return text.Text;
            case { } other:
                Report(other, key, "must be a text");
                return null;
        }
    }

    /// <summary>A text, or a default.</summary>
    public string Text(string key, string @default) => Text(key) ?? @default;

    /// <summary>A text that must be there and not be empty.</summary>
    public string RequiredText(string key)
    {
        string? text = Text(key);
        if (string.IsNullOrEmpty(text) && !(Value(key) is not null and not YamlText))
            Report(key, "is required");
        return text ?? "";
    }

    /// <summary>A text out of a few.</summary>
    public string Choice(string key, string @default, params ReadOnlySpan<string> allowed)
    {
        string text = Text(key, @default);
        if (allowed.Contains(text))
            return text;
        Report(key, $"is '{text}'; allowed are {string.Join(", ", allowed.ToArray())}");
        return @default;
    }

    /// <summary>A truth value: <c>true</c> or <c>false</c>.</summary>
    public bool Flag(string key, bool @default)
    {
        switch (Text(key))
        {
            case null:
                return @default;
            case "true" or "True" or "yes" or "on":
                return true;
            case "false" or "False" or "no" or "off":
                return false;
            case { } other:
                Report(key, $"is '{other}'; it must be true or false");
                return @default;
        }
    }

    /// <summary>A whole number within bounds.</summary>
    public int Number(string key, int @default, int min = 0, int max = int.MaxValue)
    {
        if (Text(key) is not { } text)
            return @default;
        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number)
            && number >= min
            && number <= max)
            return number;
        string range = max == int.MaxValue ? $"of at least {min}" : $"from {min} to {max}";
        Report(key, $"is '{text}'; it must be a whole number {range}");
        return @default;
    }

    /// <summary>A part of a whole from nothing to all of it: <c>10%</c> or <c>0.1</c>.</summary>
    public double Share(string key, double @default)
    {
        if (Text(key) is not { } text)
            return @default;
        bool isPercent = text.EndsWith('%');
        bool isNumber = double.TryParse(
            isPercent ? text.AsSpan(0, text.Length - 1) : text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number);
        double share = isPercent ? number / 100 : number;
        if (isNumber && share is >= 0 and <= 1)
            return share;
        Report(key, $"is '{text}'; it must be a share from 0% to 100%, such as 10% or 0.1");
        return @default;
    }

    /// <summary>A duration such as <c>15s</c> within bounds.</summary>
    public TimeSpan Duration(string key, TimeSpan @default, TimeSpan? min = null)
    {
        if (Text(key) is not { } text)
            return @default;
        if (!Model.Duration.TryParse(text, out TimeSpan duration))
            Report(key, $"is '{text}'; it must be a duration such as 15s, 5m or 1h30m");
        else if (duration < (min ?? TimeSpan.Zero))
            Report(key, $"is {text}; it must be at least {Model.Duration.Format(min!.Value)}");
        else
            return duration;
        return @default;
    }

    /// <summary>A size such as <c>64MiB</c>, <c>10MB</c> or a number of bytes.</summary>
    public long Bytes(string key, long @default, long min = 0)
    {
        if (Text(key) is not { } text)
            return @default;
        if (!ByteSize.TryParse(text, out long bytes))
            Report(key, $"is '{text}'; it must be a size such as 64MiB, 10MB or 65536");
        else if (bytes < min)
            Report(key, $"is {text}; it must be at least {min} bytes");
        else
            return bytes;
        return @default;
    }

    /// <summary>A list of texts; a single text counts as a list of one.</summary>
    public IReadOnlyList<string> Texts(string key)
    {
        switch (Value(key))
        {
            case null:
                return [];
            case YamlText text:
                return [text.Text];
            case YamlList list when list.Items.TrueForAll(i => i is YamlText):
                return [.. list.Items.Cast<YamlText>().Select(t => t.Text)];
            case { } other:
                Report(other, key, "must be a list of texts");
                return [];
        }
    }

    /// <summary>A mapping from text to text.</summary>
    public IReadOnlyDictionary<string, string> Map(string key)
    {
        var map = new Dictionary<string, string>();
        foreach ((YamlText name, YamlText value) in TextEntries(key))
            map[name.Text] = value.Text;
        return map;
    }

    /// <summary>The entries of a mapping from text to text, with their places.</summary>
    public IEnumerable<(YamlText Key, YamlText Value)> TextEntries(string key)
    {
        switch (Value(key))
        {
            case null:
                yield break;
            case YamlMap map:
                foreach ((YamlText name, YamlValue value) in map.Entries)
                {
                    if (value is YamlText text)
                        yield return (name, text);
                    else
                        Report(value, $"{key}.{name.Text}", "must be a text");
                }
                yield break;
            case { } other:
                Report(other, key, "must be a mapping of texts");
                yield break;
        }
    }

    /// <summary>A nested mapping, the same one each time; an empty one when it is not given.</summary>
    public YamlSection Section(string key) => Below(key, () => [ReadSection(key)])[0];

    /// <summary>A list of mappings, the same ones each time.</summary>
    public IReadOnlyList<YamlSection> Sections(string key) => Below(key, () => ReadSections(key));

    /// <summary>Reports a problem of a key, at its value when it is given, else at the section.</summary>
    public void Report(string key, string what) => Report(_map[key] ?? _map, key, what);

    /// <summary>Says of a key that others know why it is not taken here, where it asks for something.</summary>
    /// <param name="key">The key.</param>
    /// <param name="why">What is to be said of it.</param>
    public void Refuse(string key, string why)
    {
        _refused.Add(key);
        bool asks = _map[key] switch
        {
            null => false,
            YamlText text => !text.IsNull && text.Text is not ("" or "false"),
            YamlList list => list.Items.Count > 0,
            YamlMap map => map.Entries.Count > 0,
            _ => true,
        };
        if (asks)
            Report(key, why);
    }

    /// <summary>Reports every key that was not asked for, here and in the sections that were read below, once.</summary>
    public void Finish()
    {
        if (_isFinished)
            return;
        _isFinished = true;
        foreach (YamlSection section in _below.Values.SelectMany(s => s))
            section.Finish();
        foreach ((YamlText key, YamlValue value) in _map.Entries)
        {
            if (_known.Contains(key.Text) || _refused.Contains(key.Text))
                continue;
            string? near = Spelling.Nearest(key.Text, _known);
            string hint = near is not null
                ? $"; did you mean '{near}'?"
                : _known.Count > MaxListed ? $"; what is known {(Path.Length == 0 ? "" : "there ")}is in the manual"
                : $"; known here are {string.Join(", ", _known.Order(StringComparer.Ordinal))}";
            Report(value is YamlText { Origin: not null } ? value : key, key.Text, $"is not a known key{hint}");
        }
    }

    private IReadOnlyList<YamlSection> Below(string key, Func<IReadOnlyList<YamlSection>> read)
    {
        if (!_below.TryGetValue(key, out IReadOnlyList<YamlSection>? below))
            _below.Add(key, below = read());
        return below;
    }

    private YamlSection ReadSection(string key)
    {
        switch (Value(key))
        {
            case null:
                return Empty(File, Join(key), Problems);
            case YamlMap map:
                return new YamlSection(map, File, Join(key), Problems);
            case { } other:
                Report(other, key, "must be a mapping");
                return Empty(File, Join(key), Problems);
        }
    }

    private IReadOnlyList<YamlSection> ReadSections(string key)
    {
        switch (Value(key))
        {
            case null:
                return [];
            case YamlList list:
                var sections = new List<YamlSection>();
                for (int i = 0; i < list.Items.Count; i++)
                {
                    string path = string.Create(CultureInfo.InvariantCulture, $"{Join(key)}[{i}]");
                    if (list.Items[i] is YamlMap map)
                        sections.Add(new YamlSection(map, File, path, Problems));
                    else
                        Problems.Add(new Problem(File, list.Items[i].Line, list.Items[i].Column, $"{path} must be a mapping"));
                }
                return sections;
            case { } other:
                Report(other, key, "must be a list");
                return [];
        }
    }

    private void Report(YamlValue at, string key, string what)
    {
        string origin = at is YamlText { Origin: { } from } ? $" (from {from})" : "";
        Problems.Add(new Problem(File, origin.Length > 0 ? 0 : at.Line, at.Column, $"{Join(key)} {what}{origin}"));
    }

    private string Join(string key) => Path.Length == 0 ? key : $"{Path}.{key}";
}
