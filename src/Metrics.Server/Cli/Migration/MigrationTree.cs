using System.Globalization;
using Metrics.Text;

namespace Metrics.Cli.Migration;

/// <summary>
/// The configuration that is made. Each value in it has a number of its own in the place of its line, by which a problem that the reader
/// of configurations reports is found again, and the line of the file that it came from.
/// </summary>
internal sealed class MigrationTree
{
    private readonly List<(string File, int Line)> _origins = [("", 0), ("", 0)];

    /// <summary>The whole.</summary>
    public YamlMap Root { get; } = new() { Line = 1, Column = 1 };

    /// <summary>What stands below the top under a key, in the order of the file; nothing where it is no list.</summary>
    public IEnumerable<YamlMap> Entries(string key) => Root[key] is YamlList list ? list.Items.OfType<YamlMap>() : [];

    /// <summary>Copies a value of a file.</summary>
    public YamlValue Copy(YamlValue value, string file) => Copy(value, v => (file, v.Line));

    /// <summary>Copies a value of this tree, for a second place.</summary>
    public YamlMap Again(YamlMap map) => (YamlMap)Copy(map, Origin);

    private YamlValue Copy(YamlValue value, Func<YamlValue, (string File, int Line)> origin)
    {
        (string file, int line) = origin(value);
        int number = Number(file, line);
        switch (value)
        {
            case YamlList list:
                var items = new YamlList { Line = number, Column = 1 };
                items.Items.AddRange(list.Items.Select(i => Copy(i, origin)));
                return items;
            case YamlMap map:
                var entries = new YamlMap { Line = number, Column = 1 };
                foreach ((YamlText key, YamlValue inner) in map.Entries)
                    entries.Entries.Add(new((YamlText)Copy(key, origin), Copy(inner, origin)));
                return entries;
            default:
                var text = (YamlText)value;
                return new YamlText { Line = number, Column = 1, Text = text.Text, Plain = text.Plain };
        }
    }

    /// <summary>A new text, in the place of another value.</summary>
    /// <param name="text">What it says.</param>
    /// <param name="like">Where it came from.</param>
    /// <param name="isPlain">Whether it stands without quotes.</param>
    public YamlText Text(string text, YamlValue like, bool isPlain = true)
    {
        (string file, int line) = Origin(like);
        return new YamlText { Line = Number(file, line), Column = 1, Text = text, Plain = isPlain };
    }

    /// <summary>A new mapping, in the place of another value.</summary>
    public YamlMap Map(YamlValue like)
    {
        (string file, int line) = Origin(like);
        return new YamlMap { Line = Number(file, line), Column = 1 };
    }

    /// <summary>A new list, in the place of another value.</summary>
    public YamlList List(YamlValue like)
    {
        (string file, int line) = Origin(like);
        return new YamlList { Line = Number(file, line), Column = 1 };
    }

    /// <summary>The mapping under a key, which is made where there is none.</summary>
    public YamlMap MapAt(YamlMap map, string key)
    {
        if (map[key] is YamlMap there)
            return there;
        YamlMap made = Map(map);
        Set(map, key, made);
        return made;
    }

    /// <summary>Puts a value under a key, in the place of what stood there.</summary>
    public void Set(YamlMap map, string key, YamlValue value)
    {
        var entry = new KeyValuePair<YamlText, YamlValue>(Text(key, value), value);
        int at = map.Entries.FindIndex(e => e.Key.Text == key);
        if (at < 0)
            map.Entries.Add(entry);
        else
            map.Entries[at] = entry;
    }

    /// <summary>Which file and line a value came from.</summary>
    public (string File, int Line) Origin(YamlValue value) => _origins[value.Line];

    /// <summary>A note on a value.</summary>
    public MigrationNote Note(MigrationOutcome outcome, YamlValue value, string text)
    {
        (string file, int line) = Origin(value);
        return new MigrationNote(outcome, file, line, text);
    }

    /// <summary>The places from the top down to the value of that number; none when it is not there.</summary>
    public IReadOnlyList<MigrationPlace> PathTo(int number)
    {
        var path = new List<MigrationPlace>();
        return Find(Root, number, path) ? path : [];
    }

    private static bool Find(YamlValue value, int number, List<MigrationPlace> path)
    {
        switch (value)
        {
            case YamlList list:
                for (int i = 0; i < list.Items.Count; i++)
                {
                    if (Descend(new MigrationPlace(list, i), list.Items[i], number, path))
                        return true;
                }
                return false;
            case YamlMap map:
                for (int i = 0; i < map.Entries.Count; i++)
                {
                    var place = new MigrationPlace(map, i);
                    path.Add(place);
                    if (map.Entries[i].Key.Line == number)
                        return true;
                    path.RemoveAt(path.Count - 1);
                    if (Descend(place, map.Entries[i].Value, number, path))
                        return true;
                }
                return false;
            default:
                return false;
        }
    }

    private static bool Descend(MigrationPlace place, YamlValue value, int number, List<MigrationPlace> path)
    {
        path.Add(place);
        if (value.Line == number || Find(value, number, path))
            return true;
        path.RemoveAt(path.Count - 1);
        return false;
    }

    private int Number(string file, int line)
    {
        _origins.Add((file, line));
        return _origins.Count - 1;
    }
}

/// <summary>A place in a list or a mapping.</summary>
/// <param name="In">The list or the mapping.</param>
/// <param name="Index">Which of its items or entries.</param>
internal sealed record MigrationPlace(YamlValue In, int Index)
{
    /// <summary>The key of an entry; null of an item.</summary>
    public string? Key => In is YamlMap map ? map.Entries[Index].Key.Text : null;

    /// <summary>What stands there.</summary>
    public YamlValue Value => In is YamlMap map ? map.Entries[Index].Value : ((YamlList)In).Items[Index];

    /// <summary>As people call it: <c>job 'node'</c>, <c>receiver 'ops'</c>, <c>channel</c>, <c>item 3</c>.</summary>
    public string Name(string? list) => this switch
    {
        { Key: { } key } => key,
        { Value: YamlMap map } when map["job_name"] is YamlText job => $"job '{job.Text}'",
        { Value: YamlMap map } when map["name"] is YamlText name => $"'{name.Text}' of {list}",
        _ => string.Create(CultureInfo.InvariantCulture, $"item {Index + 1} of {list}"),
    };

    /// <summary>Takes it away.</summary>
    public void Remove()
    {
        if (In is YamlMap map)
            map.Entries.RemoveAt(Index);
        else
            ((YamlList)In).Items.RemoveAt(Index);
    }
}
