using Metrics.Inputs;
using Metrics.Text;

namespace Metrics.Access;

/// <summary>Somebody who may do something.</summary>
/// <param name="Name">How logs, limits and the audit call who uses it.</param>
/// <param name="Held">Its roles.</param>
internal abstract record Account(string Name, IReadOnlyList<Role> Held)
{
    /// <summary>Of whom alone it may send; null is of anybody.</summary>
    public SenderBinding? Binding { get; init; }

    /// <summary>Whether it may be used for what a role is needed for.</summary>
    public bool May(Role needed) => Held.Any(r => r.Includes(needed));

    /// <summary>Reads what it may send; what its roles must be for that is reported.</summary>
    protected static SenderBinding? ReadBinding(YamlSection section, IReadOnlyList<Role> held)
    {
        SenderBinding? binding = SenderBinding.Read(section);
        if (binding is not null && (!held.Contains(Role.Ingest) || held.Any(r => r is Role.Operator or Role.Admin)))
            section.Report(binding.Key, "binds what is sent: the token needs the role ingest, and beside it at most viewer");
        return binding;
    }

    /// <summary>Reads <c>role</c> or <c>roles</c>; without them it is a viewer.</summary>
    protected static List<Role> ReadRoles(YamlSection section)
    {
        IReadOnlyList<string> names = section.Texts("roles");
        if (section.Text("role") is { } single)
        {
            if (section.Has("roles"))
                section.Report("role", "and 'roles' cannot stand together");
            names = [single];
        }
        else if (!section.Has("roles"))
        {
            names = [Role.Viewer.Name()];
        }
        string key = section.Has("roles") ? "roles" : "role";
        var held = new List<Role>();
        foreach (string name in names)
        {
            if (Roles.Find(name) is { } role)
                held.Add(role);
            else
                section.Report(key, $"is '{name}'; allowed are {string.Join(", ", Roles.All.Select(r => r.Name()))}");
        }
        if (names.Count == 0)
            section.Report(key, $"is empty; allowed are {string.Join(", ", Roles.All.Select(r => r.Name()))}");
        return held;
    }
}
