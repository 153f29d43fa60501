using System.Net;
using System.Net.Sockets;
using Metrics.Model;

namespace Metrics.Intake.Marks;

/// <summary>Something of which the first is worth a word.</summary>
/// <param name="Word">What <c>event.first</c> says.</param>
/// <param name="Kind">Of which events.</param>
/// <param name="Scope">The field by which it is learned apart; null is all together.</param>
/// <param name="Fields">The fields whose values together must be new; an event that lacks the last of them is left alone.</param>
internal sealed record First(string Word, string Kind, string? Scope, params IReadOnlyList<string> Fields)
{
    /// <summary>All of them. An event that tells of a failure is none: outsiders choose what they try.</summary>
    public static readonly IReadOnlyList<First> All =
    [
        new("account", EventKinds.HostLogin, EventFields.Host, EventFields.UserName),
        new("origin", EventKinds.HostLogin, null, EventFields.UserName, EventFields.SourceIp),
        new("account", EventKinds.HostSudo, EventFields.Host, EventFields.EffectiveUserName, EventFields.UserName),
        new("origin", EventKinds.IdentityAuthenticate, null, EventFields.UserDomain, EventFields.UserName, EventFields.SourceIp),
        new("service", EventKinds.ServiceStart, EventFields.Host, EventFields.Service),
        new("rule", EventKinds.IdsAlert, EventFields.Host, EventFields.RuleName),
    ];

    /// <summary>Of a row: by what it is learned, and what must be new; null where a row does not say it.</summary>
    public (string Scope, string[] Values)? Read(EventBatch batch, int row)
    {
        string scope = Scope is null ? "" : batch.Find(row, Scope) ?? "";
        string[] values = [.. Fields.Select(f => f == EventFields.SourceIp ? NetworkOf(batch.Find(row, f)) : batch.Find(row, f) ?? "")];
        return values[^1].Length == 0 || (Scope is not null && scope.Length == 0) ? null : (scope, values);
    }

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
