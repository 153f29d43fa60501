using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Metrics.Text;

/// <summary>
/// What stands in a part of a document as one short text: equal for two readings as long as nothing in it has changed. Order of keys,
/// blanks, comments and the place in the file do not count.
/// </summary>
public static class YamlDigest
{
    /// <summary>SHA-256 of values, in lower-case hex digits.</summary>
    /// <param name="values">The values; null is one that is not there.</param>
    /// <param name="also">What counts beside the value of a key, such as the state of the file that it names; null is nothing.</param>
    public static string Of(IEnumerable<YamlValue?> values, Func<string, YamlValue, string?>? also = null)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (YamlValue? value in values)
            Add(hash, value, also);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void Add(IncrementalHash hash, YamlValue? value, Func<string, YamlValue, string?>? also)
    {
        switch (value)
        {
            case YamlText text:
                Add(hash, text.IsNull ? 'n' : 't', text.Text);
                break;
            case YamlList list:
                Add(hash, 'l', list.Items.Count.ToString(CultureInfo.InvariantCulture));
                list.Items.ForEach(i => Add(hash, i, also));
                break;
            case YamlMap map:
                Add(hash, 'm', map.Entries.Count.ToString(CultureInfo.InvariantCulture));
                foreach ((YamlText key, YamlValue below) in map.Entries.OrderBy(e => e.Key.Text, StringComparer.Ordinal))
                {
                    Add(hash, 'k', key.Text);
                    Add(hash, below, also);
                    if (also?.Invoke(key.Text, below) is { } more)
                        Add(hash, 'f', more);
                }
                break;
            default:
                Add(hash, 'n', "");
                break;
        }
    }

    /// <summary>A part with its length before it, so that no two sequences of parts look the same.</summary>
    private static void Add(IncrementalHash hash, char kind, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        hash.AppendData(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{kind}{bytes.Length}:")));
        hash.AppendData(bytes);
    }
}
