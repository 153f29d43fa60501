namespace Metrics.Text;

/// <summary>A value of a YAML document together with its place in the file.</summary>
public abstract class YamlValue
{
    /// <summary>Line, from 1 on.</summary>
    public required int Line { get; init; }

    /// <summary>Column, from 1 on.</summary>
    public required int Column { get; init; }
}

/// <summary>A text, number, truth value or null.</summary>
public sealed class YamlText : YamlValue
{
    /// <summary>The text as YAML reads it, without quotes.</summary>
    public required string Text { get; init; }

    /// <summary>Whether it stood without quotes, so that it may be a number, a truth value or null.</summary>
    public bool Plain { get; init; }

    /// <summary>Where it came from when not from the file, such as an environment variable.</summary>
    public string? Origin { get; init; }

    /// <summary>Whether it says "nothing".</summary>
    public bool IsNull => Plain && Text is "" or "~" or "null" or "Null" or "NULL";
}

/// <summary>A list.</summary>
public sealed class YamlList : YamlValue
{
    /// <summary>Its items.</summary>
    public List<YamlValue> Items { get; } = [];
}

/// <summary>Keys and values, in the order of the file.</summary>
public sealed class YamlMap : YamlValue
{
    /// <summary>The entries; keys are unique.</summary>
    public List<KeyValuePair<YamlText, YamlValue>> Entries { get; } = [];

    /// <summary>The value of a key, or null.</summary>
    public YamlValue? this[string key] => Entries.Find(e => e.Key.Text == key).Value;
}
