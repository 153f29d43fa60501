using System.Globalization;
using System.Text;

namespace Metrics.IntegrationTests.Adversary;

/// <summary>Makes texts that are nearly the one that it is given, the same ones from the same number.</summary>
internal static class TextMutator
{
    private static readonly string[] s_pieces =
    [
        "{", "}", "[", "]", ":", ": ", ",", "- ", "? ", "&a ", "*a", "!!int ", "!!binary ", "|", ">", "|+9\n", "#", "%YAML 1.3\n", "---\n",
        "...\n", "\"", "'", "\\", "\t", "\0", "\uFEFF", "\u2028", "\n", "\r", "<<: ", "~", "null", "true", "0", "-1", "1e999", "0x", "0o8",
        "99999999999999999999", "106751991d", "999999999y", "1h1h", "${", "$99999999999", "{{", "}}", "{{ for i in 1..9999999 }}x{{ end }}",
        "{{ labels[\"\"] }}", "((((((((((", "a{", "rate(", "[5m:1ms]", "offset -300y", "=~\"(\"", "\"\\xff\"", "é", "\uD83D", "💩",
    ];

    /// <param name="text">The text.</param>
    /// <param name="number">Which one.</param>
    public static byte[] Make(string text, int number)
    {
        var random = new Random(number);
        var mutated = new StringBuilder(text);
        for (int steps = random.Next(2) == 0 ? 1 : 2 + random.Next(3); steps > 0; steps--)
            Change(mutated, random);
        byte[] bytes = Encoding.UTF8.GetBytes(mutated.ToString());
        if (random.Next(8) == 0 && bytes.Length > 0)
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        return bytes;
    }

    private static void Change(StringBuilder text, Random random)
    {
        int at = random.Next(text.Length + 1), rest = text.Length - at;
        int length = Math.Min(rest, 1 + random.Next(1 << random.Next(1, 8)));
        switch (random.Next(7))
        {
            case 0:
                text.Remove(at, length);
                break;
            case 1:
                text.Insert(random.Next(text.Length + 1), text.ToString(at, length));
                break;
            case 2 when length > 0:
                text[at] = (char)random.Next(1, 0x180);
                break;
            case 3:
                text.Insert(at, string.Concat(Enumerable.Repeat(s_pieces[random.Next(s_pieces.Length)], 1 << random.Next(12))));
                break;
            case 4:
                text.Length = at;
                break;
            case 5:
                text.Insert(at, random.NextInt64(long.MinValue, long.MaxValue).ToString(CultureInfo.InvariantCulture));
                break;
            default:
                text.Insert(at, s_pieces[random.Next(s_pieces.Length)]);
                break;
        }
    }
}
