using Metrics.Configuration;
using Metrics.Inputs.Push;
using Metrics.Text;

namespace Metrics.Inputs;

/// <summary>The section <c>inputs</c>: what is taken in, and how.</summary>
/// <param name="Inputs">The inputs, of all families.</param>
/// <param name="PushEvents">Kind of event by measurement of line protocol. Default: none.</param>
/// <param name="Ids">One a family that is given, by which two readings can be compared.</param>
internal sealed record InputSection(
    IReadOnlyList<InputOptions> Inputs, IReadOnlyDictionary<string, string> PushEvents, IReadOnlyList<SectionId> Ids)
{
    public static InputSection Read(YamlSection section)
    {
        SectionId[] ids = [.. section.Keys.Select(key => SectionId.OfKeys($"inputs {key}", section, [key]))];
        IReadOnlyDictionary<string, string> events = PushEventKinds.Read(section.Section("push"));
        return new InputSection(InputCatalog.Read(section), events, ids);
    }
}
