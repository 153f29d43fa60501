using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace Metrics.Access;

/// <summary>
/// Finds whose token was shown. A token that is empty is nobody's, and so is one whose file is empty or cannot be read at the moment,
/// as while it is written anew: that is logged now and then. Safe for use by several threads.
/// </summary>
internal sealed partial class TokenFinder(TimeProvider time, ILogger<TokenFinder> log)
{
    private static readonly TimeSpan s_logAgain = TimeSpan.FromMinutes(5);

    private readonly ConcurrentDictionary<string, DateTimeOffset> _logged = new();

    /// <summary>The first of the configured tokens that is the one that was shown, or null.</summary>
    public TokenOptions? Find(AuthOptions auth, string given)
    {
        if (given.Length == 0)
            return null;
        byte[] bytes = HashOf(given);
        TokenOptions? found = null;
        // Every token is compared, each in constant time: how long it takes tells nothing.
        foreach (TokenOptions token in auth.Tokens)
        {
            if (SecretOf(token) is { } secret && CryptographicOperations.FixedTimeEquals(bytes, HashOf(secret)))
                found ??= token;
        }
        return found;
    }

    private static byte[] HashOf(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));

    private string? SecretOf(TokenOptions token)
    {
        try
        {
            string secret = token.Token.Reveal();
            if (!string.IsNullOrWhiteSpace(secret))
                return secret;
            LogNowAndThen(token.Name, "its file is empty");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogNowAndThen(token.Name, e.Message);
        }
        return null;
    }

    private void LogNowAndThen(string name, string reason)
    {
        DateTimeOffset now = time.GetUtcNow();
        if (_logged.TryGetValue(name, out DateTimeOffset before) && now - before < s_logAgain)
            return;
        _logged[name] = now;
        LogUnusable(name, reason);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The token of {Name} lets nobody in: {Reason}")]
    private partial void LogUnusable(string name, string reason);
}
