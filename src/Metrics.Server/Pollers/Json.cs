using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Metrics.Model;
using Metrics.Text;

namespace Metrics.Pollers;

/// <summary>
/// Reads answers (see <see cref="LenientJson"/>) whose fields may be missing, null, or a number in one release and a text in the next.
/// </summary>
internal static class Json
{
    /// <summary>A text; a number or truth value as it is written; empty when it is not there.</summary>
    public static string Text(this JsonElement from, string name)
    {
        if (from.ValueKind != JsonValueKind.Object || !from.TryGetProperty(name, out JsonElement value))
            return "";
        return value.ValueKind switch
        {
            JsonValueKind.String => String(value),
            JsonValueKind.Number => value.GetRawText(),
            JsonValueKind.True => "true",
            JsonValueKind.False => "false",
            _ => "",
        };
    }

    /// <summary>The same projects, hosts and states stand in thousands of items: one string for each.</summary>
    private static readonly TextPool s_texts = new(1 << 18);

    /// <summary>The same string for the same text, most of the time.</summary>
    public static string Shared(string text) => s_texts.Get(System.Text.Encoding.UTF8.GetBytes(text));

    private static string String(JsonElement value)
    {
        ReadOnlySpan<byte> quoted = JsonMarshal.GetRawUtf8Value(value);
        return quoted.Contains((byte)'\\') ? value.GetString()! : s_texts.Get(quoted[1..^1]);
    }

    /// <summary>A number, also one written as a text; NaN when it is none or not there.</summary>
    public static double Number(this JsonElement from, string name) =>
        double.TryParse(from.Text(name), NumberStyles.Float, CultureInfo.InvariantCulture, out double number) ? number : double.NaN;

    /// <summary>A truth value; false when it is not there.</summary>
    public static bool Flag(this JsonElement from, string name) => from.Text(name) is "true" or "True";

    /// <summary>An object; null when it is none or not there.</summary>
    public static JsonElement? Child(this JsonElement from, string name) =>
        from.ValueKind == JsonValueKind.Object
            && from.TryGetProperty(name, out JsonElement child)
            && child.ValueKind == JsonValueKind.Object ? child : null;

    /// <summary>The items of an answer that is a list.</summary>
    /// <exception cref="FormatException">It is none; the message begins with <paramref name="what"/>.</exception>
    public static JsonElement.ArrayEnumerator Elements(this JsonElement answer, string what) =>
        answer.ValueKind == JsonValueKind.Array ? answer.EnumerateArray() : throw new FormatException($"{what}: the answer is no list");

    /// <summary>A list; null when it is none or not there.</summary>
    public static JsonElement? List(this JsonElement from, string name) =>
        from.ValueKind == JsonValueKind.Object && from.TryGetProperty(name, out JsonElement list) && list.ValueKind == JsonValueKind.Array
            ? list
            : null;

    /// <summary>The items of a list; none when it is none or not there.</summary>
    public static IEnumerable<JsonElement> Items(this JsonElement from, string name) =>
        from.List(name) is { } list ? list.EnumerateArray() : [];

    /// <summary>The texts of a list.</summary>
    public static IEnumerable<string> Texts(this JsonElement from, string name) =>
        from.Items(name).Where(e => e.ValueKind == JsonValueKind.String).Select(e => e.GetString()!);

    /// <summary>A time; services leave out the zone, which is UTC, and some write a blank for the T. Null when it is none.</summary>
    public static DateTimeOffset? Time(this JsonElement from, string name) =>
        DateTimeOffset.TryParse(
            from.Text(name), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
            out DateTimeOffset time) ? time : null;
}
