using System.Net;

namespace Metrics.Access;

/// <summary>Where API and pages are listened on, as the configuration has it: <c>ADDRESS:PORT</c> or <c>unix:/PATH</c>.</summary>
/// <param name="Text">As it is written.</param>
/// <param name="Tls">What it is secured with; null is plain HTTP.</param>
internal sealed record ListenAddress(string Text, ListenerTlsOptions? Tls = null)
{
    private const string Unix = "unix:";

    /// <summary>The file of a unix socket; null where it is an address.</summary>
    public string? SocketPath => SocketPathOf(Text);

    /// <summary>The address, or <c>localhost</c>; empty for a unix socket.</summary>
    public string Host => SocketPath is null ? Text[..Math.Max(0, Text.LastIndexOf(':'))].Trim('[', ']') : "";

    /// <summary>What the text behind the last colon should be.</summary>
    public string PortText => Text[(Text.LastIndexOf(':') + 1)..];

    /// <summary>Whether only this machine can reach it.</summary>
    public bool IsLocal =>
        SocketPath is not null || Host == "localhost" || (IPAddress.TryParse(Host, out IPAddress? ip) && IPAddress.IsLoopback(ip));

    /// <summary>Where people and commands find it.</summary>
    public string Url => SocketPath is not null ? Text : $"{(Tls is null ? "http" : "https")}://{Text}";

    /// <summary>The file of a unix socket that a text names, or null.</summary>
    public static string? SocketPathOf(string text) => text.StartsWith(Unix, StringComparison.Ordinal) ? text[Unix.Length..] : null;
}
