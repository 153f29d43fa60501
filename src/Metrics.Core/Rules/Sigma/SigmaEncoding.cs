using System.Text;
using System.Text.RegularExpressions;

namespace Metrics.Rules.Sigma;

/// <summary>Modifiers that make other values of a value.</summary>
internal static partial class SigmaEncoding
{
    private const string Dashes = "-/\u2013\u2014\u2015";

    /// <summary>Makes the values that are looked for.</summary>
    /// <param name="value">As it is written, its wildcards and backslashes included.</param>
    /// <param name="changes">The modifiers, in order.</param>
    /// <param name="error">What is wrong; null when nothing is.</param>
    public static IReadOnlyList<string> Values(string value, IReadOnlyList<string> changes, out string? error)
    {
        error = null;
        List<string> values = [value];
        Encoding encoding = Encoding.UTF8;
        byte[] mark = [];
        foreach (string change in changes)
        {
            switch (change)
            {
                case "windash":
                    values = [.. values.SelectMany(WithDashes).Distinct()];
                    continue;
                case "base64" or "base64offset":
                    if (values.Exists(v => SigmaPattern.Plain(v) is null or ""))
                    {
                        error = $"{change} needs a text without wildcards";
                        return [];
                    }
                    values =
                    [
                        .. values.SelectMany(v =>
                        {
                            byte[] bytes = [.. mark, .. encoding.GetBytes(SigmaPattern.Plain(v)!)];
                            return change == "base64" ? [Convert.ToBase64String(bytes)] : AtOffsets(bytes);
                        }),
                    ];
                    continue;
                default:
                    encoding = change == "utf16be" ? Encoding.BigEndianUnicode : Encoding.Unicode;
                    mark = change == "utf16" ? [0xFF, 0xFE] : [];
                    continue;
            }
        }
        return values;
    }

    /// <summary>Windows' programs take several signs for the dash of an option.</summary>
    private static IEnumerable<string> WithDashes(string value) =>
        Dashes.Select(dash => OptionDash().Replace(value, dash.ToString())).Prepend(value);

    /// <summary>What of the encoded text does not depend on what stands before and behind it, at each of three places.</summary>
    private static string[] AtOffsets(byte[] bytes)
    {
        int[] starts = [0, 2, 3], ends = [0, 3, 2];
        return
        [
            .. Enumerable.Range(0, 3).Select(offset =>
            {
                byte[] moved = [.. Enumerable.Repeat((byte)' ', offset), .. bytes];
                string encoded = Convert.ToBase64String(moved);
                return encoded[starts[offset]..(encoded.Length - ends[moved.Length % 3])];
            }),
        ];
    }

    [GeneratedRegex(@"\B[-/]\b", RegexOptions.CultureInvariant)]
    private static partial Regex OptionDash();
}
