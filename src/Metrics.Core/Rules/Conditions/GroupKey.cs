using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Metrics.Model;

namespace Metrics.Rules.Conditions;

/// <summary>Values of events as keys.</summary>
internal static class GroupKey
{
    /// <summary>A longer value is kept as its digest: outsiders choose how long values are.</summary>
    private const int MaxLength = 100;

    /// <summary>Several values as one text; of more than one each with its length, so that no two rows of values have the same.</summary>
    public static string Of(ReadOnlySpan<string> values)
    {
        switch (values)
        {
            case []:
                return "";
            case [var only]:
                return only;
        }
        var key = new StringBuilder();
        foreach (string value in values)
            key.Append(CultureInfo.InvariantCulture, $"{value.Length}:{value}");
        return key.ToString();
    }

    /// <summary>A value that takes little memory: itself, or its digest.</summary>
    public static string Short(string value) =>
        value.Length <= MaxLength ? value : Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(value)));

    /// <summary>The values of a key again.</summary>
    /// <param name="key">The key.</param>
    /// <param name="count">How many they are.</param>
    public static string[] Split(string key, int count)
    {
        if (count <= 1)
            return count == 0 ? [] : [key];
        var values = new string[count];
        for (int i = 0, at = 0; i < count; i++)
        {
            int colon = key.IndexOf(':', at), length = int.Parse(key.AsSpan(at, colon - at), CultureInfo.InvariantCulture);
            values[i] = key.Substring(colon + 1, length);
            at = colon + 1 + length;
        }
        return values;
    }

    /// <summary>A value that takes little memory and can be read: itself, or its beginning and its digest.</summary>
    public static string Readable(string value) =>
        value.Length <= MaxLength ? value : $"{EventBounds.Cut(value, MaxLength / 2)}…{Short(value)[..16]}";
}
