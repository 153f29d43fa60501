using System.Net;
using System.Net.Sockets;
using Metrics.Model;

namespace Metrics.Intake.Marks;

/// <summary>Something of which the first is worth a word.</summary>
/// <param name="Word">What <c>event.first</c> says.</param>
/// <param name="Kind">Of which events.</param>
/// <param name="Family">What else is told by the same log: where that is heard, events of the kind would be heard.</param>
/// <param name="Scope">The field by which it is learned apart; null is all together.</param>
/// <param name="Fields">The fields whose values together must be new; an event that lacks the last of them is left alone.</param>
internal sealed record First(string Word, string Kind, string Family, string? Scope, params IReadOnlyList<string> Fields)
{
    private const string Logins = "logins", Services = "services", Countries = "countries", Proxied = "proxied";

    /// <summary>From which network an account logs in at the Identity service, not by a proxy.</summary>
    public static readonly First LoginOrigin = new(
        "origin", EventKinds.IdentityAuthenticate, EventKinds.IdentityAuthenticate, null,
        EventFields.UserDomain, EventFields.UserName, EventFields.SourceIp) { IsProxied = false };

    /// <summary>The same by a trusted proxy: heard since one is trusted, however long the proxies themselves were the origins.</summary>
    public static readonly First ProxiedOrigin = LoginOrigin with { Family = Proxied, IsProxied = true };

    /// <summary>All of them. An event that tells of a failure is none: outsiders choose what they try.</summary>
    public static readonly IReadOnlyList<First> All =
    [
        new("account", EventKinds.HostLogin, Logins, EventFields.Host, EventFields.UserName),
        new("origin", EventKinds.HostLogin, Logins, null, EventFields.UserName, EventFields.SourceIp),
        new("account", EventKinds.HostSudo, Logins, EventFields.Host, EventFields.EffectiveUserName, EventFields.UserName),
        LoginOrigin,
        ProxiedOrigin,
        new(
            "country", EventKinds.IdentityAuthenticate, Countries, null,
            EventFields.UserDomain, EventFields.UserName, EventFields.SourceCountry),
        new("service", EventKinds.ServiceStart, Services, EventFields.Host, EventFields.Service),
        new("rule", EventKinds.IdsAlert, EventKinds.IdsAlert, EventFields.Host, EventFields.RuleName),
    ];

    /// <summary>Whether it is of what came by a proxy, or of what did not; null is either.</summary>
    public bool? IsProxied { get; init; }

    /// <summary>How many are known at most of one host, or of all together: one that makes up names leaves room for the others.</summary>
    public int MaxKnown => Scope is null ? 30_000 : 2_000;

    /// <summary>
    /// By which family a row is heard; null where it is by none. Of mere lines those of jobs are: a host on which nobody logs in still has
    /// some, in the same log.
    /// </summary>
    public static string? FamilyOf(EventBatch batch, int row) => batch.Kinds[row] switch
    {
        EventKinds.HostLogin or EventKinds.HostLogout or EventKinds.HostSudo or EventKinds.HostAccount => Logins,
        EventKinds.ServiceStart or EventKinds.ServiceStop or EventKinds.ServiceCrash or EventKinds.HostReboot => Services,
        EventKinds.IdentityAuthenticate or EventKinds.IdsAlert => batch.Kinds[row],
        EventKinds.Log when batch.TryFind(row, EventFields.Dataset, out ReadOnlySpan<byte> dataset)
            && (dataset.SequenceEqual("pam"u8) || dataset.SequenceEqual("cron"u8)) => Logins,
        _ => null,
    };

    /// <summary>
    /// As <see cref="FamilyOf"/>, of countries: they are heard since there is a database of them, however long origins were before.
    /// </summary>
    public static string? CountriesOf(EventBatch batch, int row) =>
        batch.Kinds[row] == EventKinds.IdentityAuthenticate && batch.TryFind(row, EventFields.SourceCountry, out _) ? Countries : null;

    /// <summary>As <see cref="CountriesOf"/>, of origins that came by a trusted proxy.</summary>
    public static string? ProxiedOf(EventBatch batch, int row) =>
        batch.Kinds[row] == EventKinds.IdentityAuthenticate && IsByProxy(batch, row) && batch.TryFind(row, EventFields.SourceIp, out _)
            ? Proxied : null;

    /// <summary>From which network an account logs in, of that row.</summary>
    public static First OriginOf(EventBatch batch, int row) => IsByProxy(batch, row) ? ProxiedOrigin : LoginOrigin;

    /// <summary>Of a row: by what it is learned, and what must be new; null where a row does not say it.</summary>
    public (string Scope, string[] Values)? Read(EventBatch batch, int row)
    {
        if (IsProxied is { } isProxied && isProxied != IsByProxy(batch, row))
            return null;
        string scope = Scope is null ? "" : batch.Find(row, Scope) ?? "";
        string[] values = [.. Fields.Select(f => ValueOf(f, batch.Find(row, f)))];
        return values[^1].Length == 0 || (Scope is not null && scope.Length == 0) ? null : (scope, values);
    }

    private static bool IsByProxy(EventBatch batch, int row) => batch.TryFind(row, EventFields.ProxyIp, out _);

    private static string ValueOf(string field, string? value) => field switch
    {
        EventFields.SourceIp => NetworkOf(value),
        EventFields.Service => UnitNames.Template(value ?? ""),
        _ => value ?? "",
    };

    /// <summary>Who comes from elsewhere in a network is not new: the /24 of an address, of IPv6 the /64.</summary>
    private static string NetworkOf(string? address)
    {
        if (!IPAddress.TryParse(address, out IPAddress? ip))
            return address ?? "";
        if (ip.IsIPv4MappedToIPv6)
            ip = ip.MapToIPv4();
        byte[] bytes = ip.GetAddressBytes();
        int length = ip.AddressFamily == AddressFamily.InterNetwork ? 24 : 64;
        bytes.AsSpan(length / 8).Clear();
        return $"{new IPAddress(bytes)}/{length}";
    }
}
