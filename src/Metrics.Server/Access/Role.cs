namespace Metrics.Access;

/// <summary>What a token is for. A token may have several.</summary>
internal enum Role
{
    /// <summary>Sends samples, events and alerts, and reads nothing.</summary>
    Ingest,

    /// <summary>Reads everything.</summary>
    Viewer,

    /// <summary>Reads, acknowledges and silences.</summary>
    Operator,

    /// <summary>May do everything: reload, export, and what all others may.</summary>
    Admin,
}

internal static class Roles
{
    /// <summary>All of them, as they stand in tables.</summary>
    public static readonly IReadOnlyList<Role> All = Enum.GetValues<Role>();

    /// <summary>As it is written in the configuration: <c>ingest</c>, <c>viewer</c>, <c>operator</c>, <c>admin</c>.</summary>
    public static string Name(this Role role) => role.ToString().ToLowerInvariant();

    /// <summary>Whether who holds a role may do what another is needed for.</summary>
    public static bool Includes(this Role held, Role needed) => held switch
    {
        Role.Admin => true,
        Role.Operator => needed is Role.Operator or Role.Viewer,
        _ => held == needed,
    };

    /// <summary>The role of a name, or null.</summary>
    public static Role? Find(string name) => All.Where(r => r.Name() == name).Cast<Role?>().FirstOrDefault();
}
