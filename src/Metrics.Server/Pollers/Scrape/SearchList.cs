using System.Globalization;

namespace Metrics.Pollers.Scrape;

/// <summary>Domains in which short names of the DNS are looked up.</summary>
/// <param name="Domains">The domains, in their order.</param>
/// <param name="Dots">So many dots make a name that is tried as it is first.</param>
/// <remarks>man 5 resolv.conf</remarks>
internal sealed record SearchList(IReadOnlyList<string> Domains, int Dots)
{
    private const string File = "/etc/resolv.conf";

    /// <summary>That of this machine; none where there is none.</summary>
    public static SearchList OfSystem()
    {
        try
        {
            return Read(System.IO.File.ReadLines(File));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new SearchList([], 1);
        }
    }

    /// <summary>Reads the lines of the file; of several lists the last one counts.</summary>
    public static SearchList Read(IEnumerable<string> lines)
    {
        var list = new SearchList([], 1);
        foreach (string[] words in lines.Select(l => l.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)))
        {
            if (words is ["search" or "domain", .. var domains])
                list = list with { Domains = [.. domains.Select(d => d.Trim('.'))] };
            else if (words is ["options", .. var options]
                && options.LastOrDefault(o => o.StartsWith("ndots:", StringComparison.Ordinal)) is { } dots
                && int.TryParse(dots.AsSpan(6), NumberStyles.None, CultureInfo.InvariantCulture, out int number))
                list = list with { Dots = number };
        }
        return list;
    }

    /// <summary>The names that are asked for one, the first first; a dot at the end says that it is whole.</summary>
    public IEnumerable<string> NamesOf(string name)
    {
        if (name.EndsWith('.'))
            return [name];
        IEnumerable<string> longer = Domains.Where(d => d.Length > 0).Select(d => $"{name}.{d}");
        return name.Count(c => c == '.') >= Dots ? longer.Prepend(name) : longer.Append(name);
    }
}
