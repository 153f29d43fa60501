using Metrics.Inputs.Journald;
using Metrics.Inputs.Logs;
using Metrics.Inputs.OpenStack;
using Metrics.Inputs.Push;
using Metrics.Inputs.Syslog;
using Metrics.Text;

namespace Metrics.Inputs;

/// <summary>All families of inputs: how each is read from its part of <c>inputs</c>.</summary>
internal static class InputCatalog
{
    private static readonly IReadOnlyList<Func<YamlSection, IEnumerable<InputOptions>>> s_families =
    [
        PushOptions.Read,
        SyslogOptions.Read,
        LogsOptions.Read,
        JournaldOptions.Read,
        NotificationsOptions.Read,
    ];

    /// <summary>Reads the section; reports every problem.</summary>
    public static IReadOnlyList<InputOptions> Read(YamlSection inputs)
    {
        List<InputOptions> all = [.. s_families.SelectMany(read => read(inputs))];
        foreach (IGrouping<string, InputOptions> same in all.GroupBy(i => i.Name).Where(g => g.Count() > 1))
            inputs.Report(same.First().Kind, $"has {same.Key} {same.Count()} times; each stands there once");
        inputs.Finish();
        return all;
    }
}
