using System.Text.Json;
using Metrics.Text;

namespace Metrics.Cli;

/// <summary>What stands in a cell of a table, or in a line, from an answer.</summary>
internal static class TextCell
{
    /// <summary>A member as text for a <see cref="TextTable"/>, which cleans it; <c>-</c> where it says nothing.</summary>
    public static string Text(JsonElement of, string name) => TextOrEmpty(of, name) is { Length: > 0 } text ? text : "-";

    /// <summary>The same; empty where it says nothing.</summary>
    public static string TextOrEmpty(JsonElement of, string name) => of.GetProperty(name).ToString();

    /// <summary>A member as text that cannot move the cursor, for what stands in no table; empty where it says nothing.</summary>
    public static string Plain(JsonElement of, string name) => PlainText.Line(of.GetProperty(name).ToString());

    /// <summary>A time to the second.</summary>
    public static string Time(JsonElement of, string name) => Text(of, name) is { Length: > 19 } time ? time[..19] + "Z" : "-";
}
