using Metrics.Access;

namespace Metrics.Cli;

/// <summary>Which token a command shows to the daemon.</summary>
internal static class DaemonToken
{
    /// <summary>Environment variable that holds a token.</summary>
    public const string Variable = "METRICSD_TOKEN";

    /// <summary>Takes that of <c>--token-file</c>, else that of the environment, else, for our own daemon only, a configured one.</summary>
    /// <param name="file">What <c>--token-file</c> says, or null.</param>
    /// <param name="environment">What <c>METRICSD_TOKEN</c> holds, or null.</param>
    /// <param name="address">Where it goes: a configured token is not shown to others' servers.</param>
    /// <param name="auth">The configured tokens.</param>
    /// <param name="needs">Role that the request needs.</param>
    /// <returns>The token, or null for none.</returns>
    /// <exception cref="CommandException">The file, or that of each configured token, cannot be read or is empty.</exception>
    public static string? Choose(string? file, string? environment, DaemonAddress address, AuthOptions auth, Role needs)
    {
        if (file is not null)
            return Read(file);
        if (!string.IsNullOrWhiteSpace(environment))
            return environment.Trim();
        return address.IsOurs ? FirstOf(auth.TokensFor(needs)) : null;
    }

    /// <summary>The first that can be read: not every file is for whoever calls the command.</summary>
    private static string? FirstOf(IEnumerable<TokenOptions> tokens)
    {
        string? fault = null;
        foreach (TokenOptions token in tokens)
        {
            try
            {
                if (token.Token.Reveal() is var secret && !string.IsNullOrWhiteSpace(secret))
                    return secret;
                fault ??= $"the token of '{token.Name}' is empty";
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                fault ??= $"the token of '{token.Name}' cannot be read: {e.Message}";
            }
        }
        return fault is null ? null : throw new CommandException(ExitCode.Misuse, $"{fault}; give one with --token-file or {Variable}");
    }

    private static string Read(string file)
    {
        try
        {
            string token = File.ReadAllText(file).Trim();
            return token.Length > 0 ? token : throw new CommandException(ExitCode.Misuse, $"--token-file {file} is empty");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCode.Misuse, $"--token-file {file} cannot be read: {e.Message}");
        }
    }
}
