using System.Globalization;
using System.Security.Cryptography;
using System.Text;

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
}
