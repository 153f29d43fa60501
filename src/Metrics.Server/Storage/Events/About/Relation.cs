using Metrics.Model;

namespace Metrics.Storage.Events.About;

/// <summary>What events may have in common with those that somebody asks about.</summary>
/// <param name="Name">For people: <c>same request</c>.</param>
/// <param name="From">The fields of the events in question whose values are followed.</param>
/// <param name="Fields">The fields in which others may have them.</param>
internal sealed record Relation(string Name, IReadOnlyList<string> From, IReadOnlyList<string> Fields)
{
    /// <summary>Fields that hold an account by its name.</summary>
    public static IReadOnlyList<string> Names { get; } =
        [EventFields.UserName, EventFields.TargetUserName, EventFields.EffectiveUserName];

    /// <summary>Fields that hold an account by its id.</summary>
    public static IReadOnlyList<string> Ids { get; } = [EventFields.UserId, EventFields.TargetUserId];

    /// <summary>Fields that hold an address.</summary>
    public static IReadOnlyList<string> Addresses { get; } =
        [EventFields.SourceIp, EventFields.DestinationIp, "client.ip", "server.ip", "host.ip", "observer.ip"];

    /// <summary>Fields that hold a request of OpenStack's.</summary>
    public static IReadOnlyList<string> Requests { get; } = [EventFields.RequestId, EventFields.GlobalRequestId];

    /// <summary>Fields that hold a thing of the cloud's.</summary>
    public static IReadOnlyList<string> Things { get; } = [EventFields.InstanceId, EventFields.ResourceId];

    /// <summary>All of them, the closest first.</summary>
    public static IReadOnlyList<Relation> All { get; } =
    [
        new("same request", Requests, Requests) { MaxValues = 500, MaxOthers = null },
        new("same session", [EventFields.ProcessId], [EventFields.ProcessId]) { IsOfHost = true, MaxAccounts = 2, MaxRequests = 1 },
        new("same instance", [EventFields.InstanceId], Things),
        new("same resource", [EventFields.ResourceId], Things),
        new("same origin", [EventFields.SourceIp, "client.ip"], Addresses) { MaxAccounts = 20 },
        new("same account", [EventFields.UserName, EventFields.TargetUserName], Names),
        new("same account", Ids, Ids),
        new("same host", [EventFields.Host], [EventFields.Host]) { MaxOthers = 200 },
    ];

    /// <summary>How many values are followed.</summary>
    public int MaxValues { get; init; } = 64;

    /// <summary>How many other events may have a value before everybody shares it; null asks nothing of it.</summary>
    public int? MaxOthers { get; init; } = 1_000;

    /// <summary>How many accounts may have a value in common; null asks nothing of it.</summary>
    public int? MaxAccounts { get; init; }

    /// <summary>How many requests may have a value in common; null asks nothing of it.</summary>
    public int? MaxRequests { get; init; }

    /// <summary>Whether a value means something only together with its host.</summary>
    public bool IsOfHost { get; init; }

    /// <summary>All fields of the sort of one: <c>user.target.name</c> for <c>user.name</c>.</summary>
    public static IReadOnlyList<string> FieldsLike(string field) =>
        new[] { Names, Ids, Addresses, Requests, Things }.FirstOrDefault(s => s.Contains(field)) ?? [field];
}
