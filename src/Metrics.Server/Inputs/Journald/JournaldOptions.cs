using Metrics.Inputs.Logs;
using Metrics.Text;

namespace Metrics.Inputs.Journald;

/// <summary>One of <c>inputs.journald</c>: a journal of systemd's.</summary>
internal sealed record JournaldOptions : InputOptions
{
    /// <summary>Its name; default is its folder, or <c>system</c>.</summary>
    public required string Label { get; init; }

    /// <inheritdoc />
    public override string Name => $"journald/{Label}";

    /// <inheritdoc />
    public override string Kind => "journald";

    /// <summary>The folder of its files; null is where this machine's journals are.</summary>
    public string? Directory { get; init; }

    /// <summary>Units whose entries are read, or patterns of them, with blanks between; empty is all entries.</summary>
    public string Units { get; init; } = "";

    /// <summary>Where to begin at the first start.</summary>
    public LogStart Start { get; init; }

    /// <inheritdoc />
    public override IInput Create(InputTools tools) => new JournaldInput(this, tools.Events, tools.Time);

    /// <summary>Reads <c>inputs.journald</c>.</summary>
    public static IEnumerable<JournaldOptions> Read(YamlSection inputs) => inputs.Sections("journald").Select(ReadOne);

    private static JournaldOptions ReadOne(YamlSection section)
    {
        string? directory = section.Text("directory");
        if (directory is not null && !Path.IsPathRooted(directory))
            section.Report("directory", $"is '{directory}'; a path must begin with /");
        string label = section.Text("name", directory ?? "system");
        if (label.Length == 0)
            section.Report("name", "is empty");
        IReadOnlyList<string> units = section.Texts("units");
        foreach (string unit in units.Where(u => u.Length == 0 || u.Any(char.IsWhiteSpace)))
            section.Report("units", $"holds '{unit}'; a unit is a name or pattern without blanks, such as ssh.service or nova-*");
        var one = new JournaldOptions
        {
            Label = label,
            Directory = directory,
            Units = string.Join(' ', units),
            Start = LogsOptions.ReadStart(section),
        };
        section.Finish();
        return one;
    }
}
