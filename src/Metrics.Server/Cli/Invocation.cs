using System.CommandLine;
using Metrics.Access;
using Metrics.Configuration;
using Metrics.Hosting;

namespace Metrics.Cli;

/// <summary>One call of a command: what was given, and where its words go.</summary>
/// <param name="parse">The words, parsed.</param>
/// <param name="common">The options that commands share.</param>
internal sealed class Invocation(ParseResult parse, CommonOptions common)
{
    /// <summary>Standard output.</summary>
    public TextWriter Output { get; } = parse.InvocationConfiguration.Output;

    /// <summary>Standard error.</summary>
    public TextWriter Error { get; } = parse.InvocationConfiguration.Error;

    /// <summary>The configuration that was asked for.</summary>
    public ConfigurationSource Source { get; } = new(parse.GetValue(common.Config));

    /// <summary>Whether output is for programs.</summary>
    public bool WantsJson { get; } = parse.GetValue(common.Output) == OutputForm.Json;

    public T? Value<T>(Option<T> option) => parse.GetValue(option);

    public T Value<T>(Argument<T> argument) => parse.GetRequiredValue(argument);

    /// <summary>A client of the daemon that the options name.</summary>
    /// <param name="options">The configuration.</param>
    /// <param name="needs">Role that the request needs: the first configured token that has it is shown.</param>
    /// <param name="timeout">How long to wait for an answer unless <c>--timeout</c> says otherwise.</param>
    /// <exception cref="CommandException">The token's file cannot be read.</exception>
    public DaemonClient Daemon(MetricsOptions options, Role needs, TimeSpan timeout)
    {
        DaemonAddress address = DaemonAddress.Choose(Value(common.Url), options.Listen);
        string? environment = Environment.GetEnvironmentVariable(DaemonToken.Variable);
        string? token = DaemonToken.Choose(Value(common.TokenFile), environment, address, options.Auth, needs);
        var tls = new TlsOptions(Value(common.CaFile), Value(common.CertFile), Value(common.KeyFile), null, false);
        return new DaemonClient(address.Url, token, Value(common.Timeout) ?? timeout, new DaemonConnection(tls, address.CertFile));
    }

    /// <summary>Whether <c>--url</c> names the daemon.</summary>
    public bool NamesDaemon => Value(common.Url) is not null;
}
