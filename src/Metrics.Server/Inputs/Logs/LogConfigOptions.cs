using Metrics.Text;

namespace Metrics.Inputs.Logs;

/// <summary>The key <c>config</c> of one of <c>inputs.logs</c>: files that say what the service logs (oslo.log).</summary>
internal sealed record LogConfigOptions : InputOptions
{
    /// <summary>The name of the log's input.</summary>
    public required string Label { get; init; }

    /// <inheritdoc />
    public override string Name => $"logs/{Label}/config";

    /// <inheritdoc />
    public override string Kind => "logs";

    /// <summary>The files, later ones going before earlier ones.</summary>
    public required LogPaths Paths { get; init; }

    /// <summary>The service; null is the name of the first file up to its first dot.</summary>
    public string? Service { get; init; }

    /// <summary>Fields that all its events get.</summary>
    public required LogLabels Labels { get; init; }

    /// <inheritdoc />
    public override IInput Create(InputTools tools) => new LogConfigInput(this, tools.Events, tools.Time);

    /// <summary>Reads the key; null where it is not given.</summary>
    public static LogConfigOptions? Read(YamlSection section, string label, string? service, LogLabels labels) => section.Has("config")
        ? new LogConfigOptions { Label = label, Paths = LogPaths.ReadAll(section, "config"), Service = service, Labels = labels }
        : null;
}
