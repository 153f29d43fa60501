using System.Collections;
using Metrics.Text;

namespace Metrics.Pollers;

/// <summary>All sections that ask for targets, in the order of their families.</summary>
internal sealed class TargetSections(IReadOnlyList<TargetSection> all) : IReadOnlyList<TargetSection>
{
    public int Count => all.Count;

    public TargetSection this[int index] => all[index];

    /// <summary>Reads the keys of every family.</summary>
    public static TargetSections Read(YamlSection top)
    {
        var sections = new TargetSections([.. TargetFamilies.All.SelectMany(f => f.Read(top))]);
        foreach (IGrouping<string, string> name in sections.Select(s => s.UniqueJob).OfType<string>().GroupBy(n => n))
        {
            if (name.Key.Length > 0 && name.Count() > 1)
                top.Report("scrape_configs", $"and probes: the job name '{name.Key}' is used {name.Count()} times; job names are unique");
        }
        return sections;
    }

    public IEnumerator<TargetSection> GetEnumerator() => all.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
