using Metrics.Text;

namespace Metrics.Pollers;

/// <summary>Finds the targets of one family, and keeps what they share, such as connections and sessions.</summary>
internal interface ITargetSource
{
    /// <summary>
    /// The targets as they are now; asked again every few seconds. What the same section shares between its targets stays the same object
    /// as long as the section's id does. What throws costs nobody a target: those that the family had stay.
    /// </summary>
    /// <param name="sections">All sections that are in force; a family picks its own.</param>
    IEnumerable<TargetDeclaration> Discover(TargetSections sections);
}

/// <summary>A family of targets: what it reads of the configuration, and how its targets are found.</summary>
/// <param name="Name">What it is called in messages.</param>
/// <param name="Read">Reads its keys at the top of the file; problems are reported there.</param>
/// <param name="Create">Makes the source.</param>
internal sealed record TargetFamily(
    string Name, Func<YamlSection, IEnumerable<TargetSection>> Read, Func<IServiceProvider, ITargetSource> Create)
{
    /// <summary>A family whose source takes what it needs from the services.</summary>
    public static TargetFamily Of<TSource>(string name, Func<YamlSection, IEnumerable<TargetSection>> read)
        where TSource : ITargetSource => new(name, read, services => ActivatorUtilities.CreateInstance<TSource>(services));
}
