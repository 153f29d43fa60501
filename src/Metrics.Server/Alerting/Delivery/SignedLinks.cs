using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Metrics.Storage.State;
using Microsoft.EntityFrameworkCore;

namespace Metrics.Alerting;

/// <summary>
/// Links that work without a password, since they are signed, for a limited time. The key is made at the first start and kept with the
/// state.
/// </summary>
internal sealed class SignedLinks(StateStore state, TimeProvider time)
{
    private const string KeyName = "links";
    private const int KeyBytes = 32;
    private static readonly TimeSpan s_goodFor = TimeSpan.FromDays(7);

    /// <summary>How much the clock may have been put back since a link was made.</summary>
    private static readonly TimeSpan s_leeway = TimeSpan.FromHours(1);

    private byte[] _key = [];

    /// <summary>Reads the key, or makes it.</summary>
    public void Load()
    {
        state.Rebuilt += Save;
        List<KeyRow> kept = state.Read(db => db.Keys.AsNoTracking().Where(k => k.Name == KeyName).ToList());
        _key = state.Decode(kept, k => Convert.FromHexString(k.Value)).FirstOrDefault(k => k.Length == KeyBytes) ?? [];
        if (_key.Length > 0)
            return;
        _key = RandomNumberGenerator.GetBytes(KeyBytes);
        Save();
    }

    private void Save() =>
        state.Write(writer => writer.Save(new KeyRow { Name = KeyName, Value = Convert.ToHexStringLower(_key) }));

    /// <summary>The query of a link about something: <c>until=…&amp;sig=…</c>.</summary>
    public string Sign(string what)
    {
        string until = (time.GetUtcNow() + s_goodFor).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        return $"until={until}&sig={Convert.ToHexStringLower(SignatureOf(what, until))}";
    }

    /// <summary>
    /// Whether a link is ours and not too old. One that is to hold for longer than any that is made, whoever signed it, is refused.
    /// </summary>
    public bool IsGood(string what, string? until, string? signature)
    {
        if (signature?.Length != 64 || !long.TryParse(until, NumberStyles.None, CultureInfo.InvariantCulture, out long seconds))
            return false;
        byte[] given;
        try
        {
            given = Convert.FromHexString(signature);
        }
        catch (FormatException)
        {
            return false;
        }
        long now = time.GetUtcNow().ToUnixTimeSeconds();
        return CryptographicOperations.FixedTimeEquals(given, SignatureOf(what, until!))
            && seconds >= now && seconds - now <= (s_goodFor + s_leeway).TotalSeconds;
    }

    private byte[] SignatureOf(string what, string until) => _key.Length > 0
        ? HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes($"{what}\n{until}"))
        : throw new InvalidOperationException("The key is not loaded.");
}
