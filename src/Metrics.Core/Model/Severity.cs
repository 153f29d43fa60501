namespace Metrics.Model;

/// <summary>OpenTelemetry's severity numbers for the words that logs use.</summary>
/// <remarks>https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber</remarks>
public static class Severity
{
    /// <summary>Finer than for debugging.</summary>
    public const byte Trace = 1;

    /// <summary>For debugging.</summary>
    public const byte Debug = 5;

    /// <summary>Something has happened as it should.</summary>
    public const byte Info = 9;

    /// <summary>Something worth a note.</summary>
    public const byte Notice = 10;

    /// <summary>Something may be wrong.</summary>
    public const byte Warning = 13;

    /// <summary>Something went wrong.</summary>
    public const byte Error = 17;

    /// <summary>Something went wrong that others depend on.</summary>
    public const byte Critical = 18;

    /// <summary>Somebody must act at once.</summary>
    public const byte Alert = 19;

    /// <summary>The program cannot go on.</summary>
    public const byte Fatal = 21;
}
