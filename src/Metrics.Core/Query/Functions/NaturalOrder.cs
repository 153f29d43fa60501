namespace Metrics.Query.Functions;

/// <summary>Orders texts as people do: runs of digits by their number, the rest by character.</summary>
internal static class NaturalOrder
{
    public static int Compare(string a, string b)
    {
        int i = 0, j = 0;
        while (i < a.Length && j < b.Length)
        {
            if (char.IsAsciiDigit(a[i]) && char.IsAsciiDigit(b[j]))
            {
                ReadOnlySpan<char> left = Digits(a, ref i), right = Digits(b, ref j);
                ReadOnlySpan<char> leftNumber = left.TrimStart('0'), rightNumber = right.TrimStart('0');
                int order = leftNumber.Length - rightNumber.Length;
                if (order == 0)
                    order = leftNumber.SequenceCompareTo(rightNumber);
                if (order == 0)
                    order = left.Length - right.Length;
                if (order != 0)
                    return order;
            }
            else
            {
                int order = a[i++] - b[j++];
                if (order != 0)
                    return order;
            }
        }
        return (a.Length - i) - (b.Length - j);
    }

    private static ReadOnlySpan<char> Digits(string text, ref int at)
    {
        int start = at;
        while (at < text.Length && char.IsAsciiDigit(text[at]))
            at++;
        return text.AsSpan(start, at - start);
    }
}
