using System.Globalization;
using System.Text.Json;
using Metrics.Access;
using Metrics.Configuration;
using Metrics.Hosting;

namespace Metrics.Cli;

/// <summary>A command that asks the running daemon: it has the options by which one is found.</summary>
internal abstract class DaemonCommand : CliCommand
{
    private readonly Role _needs;
    private readonly TimeSpan _timeout;

    /// <param name="common">Options that commands share.</param>
    /// <param name="name">The word for it.</param>
    /// <param name="description">One line, a sentence.</param>
    /// <param name="needs">Role that its requests need.</param>
    /// <param name="timeout">How long to wait for an answer unless <c>--timeout</c> is given.</param>
    protected DaemonCommand(CommonOptions common, string name, string description, Role needs, TimeSpan timeout)
        : base(common, name, description)
    {
        (_needs, _timeout) = (needs, timeout);
    }

    /// <summary>Adds the options by which the daemon is found; the command's own stand before them in help.</summary>
    protected void AddConnection()
    {
        Add(Common.Url);
        Add(Common.TokenFile);
        Add(Common.CaFile);
        Add(Common.CertFile);
        Add(Common.KeyFile);
        Add(Common.Timeout);
        Add(Common.Config);
    }

    /// <summary>A client of the daemon that the configuration or the options name.</summary>
    protected DaemonClient Connect(Invocation call, MetricsOptions options) => call.Daemon(options, _needs, _timeout);

    /// <inheritdoc cref="Connect(Invocation, MetricsOptions)"/>
    protected DaemonClient Connect(Invocation call) => Connect(call, call.Source.Load());

    /// <summary>The parameters of a request that are given, as they stand in its address.</summary>
    protected static string QueryOf(params IEnumerable<(string Key, string? Value)> parameters) => string.Join(
        '&', parameters.Where(p => p.Value is not null).Select(p => $"{p.Key}={Uri.EscapeDataString(p.Value!)}"));

    /// <summary>A number as a parameter.</summary>
    protected static string? Text(int? number) => number?.ToString(CultureInfo.InvariantCulture);

    /// <summary>Asks, and writes the data of the answer: as JSON where that is wanted, else for people.</summary>
    /// <param name="call">What is asked of the command.</param>
    /// <param name="path">Path and query, from <c>/</c> on.</param>
    /// <param name="write">Writes it for people.</param>
    /// <param name="cancel">Ends the waiting.</param>
    /// <param name="isGood">Whether the command ends with 0 by it, else with 1; without this it always does.</param>
    protected async Task<int> ShowAsync(
        Invocation call, string path, Action<JsonElement, TextWriter> write, CancellationToken cancel,
        Func<JsonElement, bool>? isGood = null)
    {
        using DaemonClient daemon = Connect(call);
        JsonElement data = DataOf(await daemon.GetAsync(path, cancel), daemon);
        bool good = isGood is null || daemon.Read(data, isGood);
        if (call.WantsJson)
            JsonOutput.Write(call.Output, data);
        else
            daemon.Read(data, d => write(d, call.Output));
        return good ? ExitCode.Ok : ExitCode.No;
    }

    /// <summary>The data of an answer of the API, which has Prometheus's envelope.</summary>
    /// <exception cref="CommandException">The answer has another form.</exception>
    protected static JsonElement DataOf(JsonElement answer, DaemonClient daemon) =>
        daemon.Read(answer, a => a.GetProperty("data"));
}
