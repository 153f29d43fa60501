using System.CommandLine;

namespace Metrics.Cli;

/// <summary>How output that is data is written.</summary>
internal enum OutputForm
{
    /// <summary>For people.</summary>
    Text,

    /// <summary>For programs.</summary>
    Json,

    /// <summary>A table for spreadsheets and programs; of commands that have one.</summary>
    Csv,
}

/// <summary>Options that several commands have. A command adds those that mean something to it; elsewhere they are refused.</summary>
internal sealed class CommonOptions
{
    /// <summary>The configuration file; without it <c>metrics.yaml</c> of the current folder when it is there.</summary>
    public Option<string?> Config { get; } = new("--config")
    {
        HelpName = "FILE",
        Description = "Configuration; without it metrics.yaml of the current folder when it is there.",
    };

    /// <summary>Address of the daemon; without it the configuration's <c>listen</c>.</summary>
    public Option<Uri?> Url { get; } = new("--url")
    {
        HelpName = "ADDRESS",
        Description = "Daemon to ask; without it the one that the configuration describes.",
        CustomParser = Values.Address,
    };

    /// <summary>File with the token to show to the daemon.</summary>
    public Option<string?> TokenFile { get; } = new("--token-file")
    {
        HelpName = "FILE",
        Description = "File with the access token; without it METRICSD_TOKEN, or on this machine one of the configuration.",
    };

    /// <summary>Authorities of the daemon's certificate.</summary>
    public Option<string?> CaFile { get; } = new("--ca-file")
    {
        HelpName = "FILE",
        Description = "Authorities of the daemon's certificate, PEM; without it those of the system.",
    };

    /// <summary>The certificate to show to the daemon.</summary>
    public Option<string?> CertFile { get; } = new("--cert-file")
    {
        HelpName = "FILE",
        Description = "Certificate to show to the daemon, PEM.",
    };

    /// <summary>Its key.</summary>
    public Option<string?> KeyFile { get; } = new("--key-file")
    {
        HelpName = "FILE",
        Description = "Key of --cert-file, PEM; without it that file holds it too.",
    };

    /// <summary>How long to wait for the daemon's answer.</summary>
    public Option<TimeSpan?> Timeout { get; } = new("--timeout")
    {
        HelpName = "DURATION",
        Description = "How long to wait for the daemon's answer, such as 30s.",
        CustomParser = Values.Duration("30s or 5m", TimeSpan.FromDays(20)),
    };

    /// <summary>Form of the output, text without it.</summary>
    public Option<OutputForm> Output { get; } = OutputOption();

    private static Option<OutputForm> OutputOption()
    {
        var option = new Option<OutputForm>("--output")
        {
            HelpName = "text|json",
            Description = "Form of the output; text without it.",
            CustomParser = Values.Form,
        };
        // Those of the enumeration are spelled with capitals.
        option.CompletionSources.Clear();
        option.CompletionSources.Add("text", "json");
        return option;
    }
}
