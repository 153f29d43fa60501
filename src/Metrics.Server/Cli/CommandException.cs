using System.Net;

namespace Metrics.Cli;

/// <summary>Ends a command with one line for the user.</summary>
/// <param name="exitCode">One of <see cref="ExitCode"/>.</param>
/// <param name="message">What is wrong, without the program's name.</param>
internal sealed class CommandException(int exitCode, string message) : Exception(message)
{
    public int ExitCode { get; } = exitCode;

    /// <summary>With what the daemon refused; null when it was not asked, or did not answer.</summary>
    public HttpStatusCode? Status { get; init; }
}
