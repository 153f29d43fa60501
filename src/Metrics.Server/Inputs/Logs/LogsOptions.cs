using Metrics.Formats.Logs;
using Metrics.Text;

namespace Metrics.Inputs.Logs;

/// <summary>Where to begin with files that are there at the first start, and have never been read.</summary>
internal enum LogStart
{
    /// <summary>At their end: what is written from then on.</summary>
    End,

    /// <summary>At their beginning.</summary>
    Beginning,
}

/// <summary>One of <c>inputs.logs</c>: files to which others write lines.</summary>
internal sealed record LogsOptions : InputOptions
{
    /// <summary>Its name, as the operator has given it.</summary>
    public required string Label { get; init; }

    /// <inheritdoc />
    public override string Name => $"logs/{Label}";

    /// <inheritdoc />
    public override string Kind => "logs";

    /// <summary>Which files.</summary>
    public required LogPaths Paths { get; init; }

    /// <summary>The format of all of them; null finds it out for each. Default: null.</summary>
    public LogFormat? Format { get; init; }

    /// <summary>Bytes of a record where the format has no lines; 0 where it has.</summary>
    public int RecordLength => Format?.Binary?.Length ?? 0;

    /// <summary>Which lines make a record: <c>auto</c> as the format has it, <c>none</c>, <c>indent</c>, or an expression with which a
    /// record begins.</summary>
    public required MultiLine MultiLine { get; init; }

    /// <summary>How bytes that are no UTF-8 are read: as Latin-1, or as U+FFFD. Default: Latin-1.</summary>
    public bool IsLatin { get; init; } = true;

    /// <summary>Where times without zone are from. Default: the machine's.</summary>
    public TimeZoneInfo TimeZone { get; init; } = TimeZoneInfo.Local;

    /// <summary>Where to begin at the first start.</summary>
    public LogStart Start { get; init; }

    /// <summary>Files that are read at one time, each an open file. Default: 1000.</summary>
    public int MaxFiles { get; init; } = 1000;

    /// <summary>The service, where the lines do not say one; null: the name of the file without its ending.</summary>
    public string? Service { get; init; }

    /// <summary>Fields that all its events get: <c>labels.NAME</c>.</summary>
    public required LogLabels Labels { get; init; }

    /// <inheritdoc />
    public override IInput Create(InputTools tools) => new LogsInput(this, tools.Events, tools.Time);

    /// <summary>Reads <c>inputs.logs</c>.</summary>
    public static IEnumerable<InputOptions> Read(YamlSection inputs) => inputs.Sections("logs").SelectMany(ReadOne);

    private static IEnumerable<InputOptions> ReadOne(YamlSection section)
    {
        var one = new LogsOptions
        {
            Label = section.RequiredText("name"),
            Paths = LogPaths.Read(section),
            Format = ReadFormat(section),
            MultiLine = MultiLine.Read(section),
            IsLatin = section.Choice("encoding", "auto", "auto", "utf-8") == "auto",
            TimeZone = InputZone.Read(section),
            Start = ReadStart(section),
            MaxFiles = section.Number("max_files", 1000, min: 1, max: 100_000),
            Service = section.Text("service"),
            Labels = LogLabels.Read(section),
        };
        LogConfigOptions? config = LogConfigOptions.Read(section, one.Label, one.Service, one.Labels);
        section.Finish();
        return config is null ? [one] : [one, config];
    }

    /// <summary>Reads <c>start</c>.</summary>
    internal static LogStart ReadStart(YamlSection section) =>
        section.Choice("start", "end", "end", "beginning") == "end" ? LogStart.End : LogStart.Beginning;

    private static LogFormat? ReadFormat(YamlSection section)
    {
        string name = section.Choice("format", "auto", ["auto", .. LogFormats.All.Concat(LogFormats.Binary).Select(f => f.Name)]);
        return LogFormats.Find(name);
    }
}
