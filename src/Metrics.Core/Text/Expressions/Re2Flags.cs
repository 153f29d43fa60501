namespace Metrics.Text.Expressions;

/// <summary>What is switched on at a place of an expression.</summary>
/// <param name="Folds"><c>i</c>: case does not count.</param>
/// <param name="ByLine"><c>m</c>: <c>^</c> and <c>$</c> are the ends of lines.</param>
/// <param name="DotAll"><c>s</c>: the dot takes line feeds.</param>
/// <param name="IsLazy"><c>U</c>: repetitions take as little as they can, and with <c>?</c> as much.</param>
internal readonly record struct Re2Flags(bool Folds, bool ByLine, bool DotAll, bool IsLazy)
{
    /// <summary>Reads <c>i-s:</c> or <c>i)</c> behind <c>(?</c>.</summary>
    /// <returns>The flags, and whether a group begins.</returns>
    public (Re2Flags Flags, bool OpensGroup) Read(Re2Cursor cursor, int start)
    {
        Re2Flags flags = this;
        bool on = true;
        bool isNamed = true;
        while (!cursor.IsAtEnd)
        {
            int flag = cursor.Next();
            if (flag is ':' or ')' && isNamed)
                return (flags, flag == ':');
            if (flag == '-' && on)
            {
                (on, isNamed) = (false, false);
                continue;
            }
            isNamed = true;
            switch (flag)
            {
                case 'i':
                    flags = flags with { Folds = on };
                    break;
                case 'm':
                    flags = flags with { ByLine = on };
                    break;
                case 's':
                    flags = flags with { DotAll = on };
                    break;
                case 'U':
                    flags = flags with { IsLazy = on };
                    break;
                default:
                    throw cursor.Wrong(
                        $"has {cursor.Since(start)}, which RE2 does not know; groups are (…), (?:…), (?P<name>…), flags i, m, s, U");
            }
        }
        throw cursor.Wrong($"has {cursor.Since(start)}, which does not end");
    }
}
