using Metrics.Configuration;
using Metrics.Text;

namespace Metrics.Pollers.OpenStack.Client;

/// <summary>How to reach a cloud: an account, a region, an interface and TLS, wherever they are written.</summary>
internal sealed record CloudAccess(CloudAuth Auth, string? Region, string Interface, TlsOptions Tls)
{
    /// <summary>What was read outside of <c>metrics.yaml</c>; null is nothing.</summary>
    public YamlMap? Elsewhere { get; init; }
}

/// <summary>
/// Finds accounts where the OpenStack clients keep them: an entry of <c>clouds.yaml</c> with its <c>secure.yaml</c>, or <c>OS_*</c> in the
/// environment, which is the cloud called <c>envvars</c>.
/// </summary>
/// <remarks>https://docs.openstack.org/openstacksdk/latest/user/config/configuration.html</remarks>
internal static class CloudSource
{
    /// <summary>Name of the cloud that the environment describes.</summary>
    public const string FromEnvironment = "envvars";

    private static readonly string[] s_endings = [".yaml", ".yml", ".json"];

    /// <summary>Reads one cloud; what is missing is reported at the section that names it.</summary>
    /// <param name="section">The entry of <c>metrics.yaml</c>: <c>cloud</c> and <c>clouds_file</c>, or <c>auth</c> itself.</param>
    public static CloudAccess? Read(YamlSection section)
    {
        if (section.Text("cloud") is not { } name)
            return Build(section, section);
        if (name == FromEnvironment)
            return Build(Environment(section), section);
        string? given = section.Text("clouds_file");
        string? file = given ?? Find("OS_CLIENT_CONFIG_FILE", "clouds");
        if (file is null || !File.Exists(file))
        {
            section.Report(given is null ? "cloud" : "clouds_file", given is null
                ? $"is '{name}', but there is no clouds.yaml here, in ~/.config/openstack or in /etc/openstack"
                : $"is '{given}', which does not exist");
            return null;
        }
        YamlMap? entry = Entry(file, name, section);
        if (entry is null)
            return null;
        string? secure = Find("OS_CLIENT_SECURE_FILE", "secure", Path.GetDirectoryName(Path.GetFullPath(file)));
        YamlMap? secrets = secure is null ? null : Entry(secure, name, section, optional: true);
        return Build(new YamlSection(secrets is null ? entry : Merge(entry, secrets), file, $"clouds.{name}", section.Problems), section);
    }

    /// <summary>Reads one cloud in Prometheus's words, where the account stands flat among others.</summary>
    /// <param name="section">An entry of <c>openstack_sd_configs</c>; without <c>identity_endpoint</c> the environment is taken.</param>
    public static CloudAccess? ReadFlat(YamlSection section)
    {
        if (!section.Has("identity_endpoint"))
            return Build(Environment(section), section, "identity_endpoint");
        Uri url = section.RequiredUrl("identity_endpoint");
        CloudAuth.DomainRef? domain = section.Text("domain_id") is { } id ? new(id, null)
            : section.Text("domain_name") is { } name ? new(null, name) : null;
        var account = new CloudAuth
        {
            AuthUrl = url,
            UserName = section.Text("username"),
            UserId = section.Text("userid"),
            UserDomain = domain ?? CloudAuth.DomainRef.Default,
            Password = Secret.Read(section, "password"),
            ApplicationCredentialId = section.Text("application_credential_id"),
            ApplicationCredentialName = section.Text("application_credential_name"),
            ApplicationCredentialSecret = Secret.Read(section, "application_credential_secret"),
            ProjectId = section.Text("project_id"),
            ProjectName = section.Text("project_name"),
            ProjectDomain = domain ?? CloudAuth.DomainRef.Default,
            Domain = domain,
        };
        Check(account, section, account.ApplicationCredentialSecret is null ? "username" : "application_credential_secret");
        return new CloudAccess(
            account, section.Text("region"), section.Choice("availability", "public", "public", "internal", "admin"),
            TlsOptions.Read(section.Section("tls_config")));
    }

    private static CloudAccess? Build(YamlSection cloud, YamlSection namedBy) =>
        Build(cloud, namedBy, namedBy.Has("cloud") ? "cloud" : "auth");

    private static void Check(CloudAuth account, YamlSection section, string key)
    {
        if (account.ApplicationCredentialSecret is not null
            && account.ApplicationCredentialId is null
            && (account.ApplicationCredentialName is null || (account.UserName ?? account.UserId) is null))
            section.Report(
                key, "has an application_credential_secret; it needs application_credential_id, or application_credential_name and the "
                    + "user");
        else if (account.ApplicationCredentialSecret is null && ((account.UserName ?? account.UserId) is null || account.Password is null))
            section.Report(key, "needs username and password, or application_credential_id and application_credential_secret");
    }

    private static CloudAccess? Build(YamlSection cloud, YamlSection namedBy, string key)
    {
        YamlSection auth = cloud.Section("auth");
        string? Text(string key) => auth.Text(key);
        string? url = Text("auth_url");
        if (url is null || !Uri.TryCreate(url, UriKind.Absolute, out Uri? address) || address.Scheme is not ("http" or "https"))
        {
            namedBy.Report(
                key,
                url is null ? "has no auth_url" : $"has the auth_url '{url}', which is no http or https URL");
            return null;
        }
        string? defaultDomain = Text("default_domain");
        CloudAuth.DomainRef Domain(string id, string domain) =>
            Text(id) is { } byId ? new(byId, null) : Text(domain) is { } byName ? new(null, byName) : new(defaultDomain ?? "default", null);
        var account = new CloudAuth
        {
            AuthUrl = address,
            UserName = Text("username"),
            UserId = Text("user_id"),
            UserDomain = Domain("user_domain_id", "user_domain_name"),
            Password = Secret.Read(auth, "password"),
            ApplicationCredentialId = Text("application_credential_id"),
            ApplicationCredentialName = Text("application_credential_name"),
            ApplicationCredentialSecret = Secret.Read(auth, "application_credential_secret"),
            ProjectId = Text("project_id") ?? Text("tenant_id"),
            ProjectName = Text("project_name") ?? Text("tenant_name"),
            ProjectDomain = Domain("project_domain_id", "project_domain_name"),
            Domain = Text("domain_id") is { } id ? new(id, null) : Text("domain_name") is { } name ? new(null, name) : null,
            System = Text("system_scope") == "all",
        };
        if (ReferenceEquals(cloud, namedBy))
            auth.Finish();
        Check(account, namedBy, key);
        var tls =
            new TlsOptions(
                ExistingFile(cloud, namedBy, "cacert"), ExistingFile(cloud, namedBy, "cert"), ExistingFile(cloud, namedBy, "key"), null,
                !cloud.Flag("verify", true) || cloud.Flag("insecure", false));
        string? region = namedBy.Text("region_name") ?? cloud.Text("region_name");
        return new CloudAccess(account, region, namedBy.Text("interface") ?? cloud.Text("interface") ?? "public", tls)
        {
            Elsewhere = ReferenceEquals(cloud, namedBy) ? null : cloud.Content,
        };
    }

    private static string? ExistingFile(YamlSection cloud, YamlSection namedBy, string key)
    {
        string? file = cloud.Text(key);
        if (file is null || File.Exists(file))
            return file;
        namedBy.Report(namedBy.Has("cloud") ? "cloud" : key, $"has the {key} '{file}', which does not exist");
        return null;
    }

    private static YamlMap? Entry(string file, string name, YamlSection section, bool optional = false)
    {
        var problems = new List<Problem>();
        YamlValue? root = YamlComposer.Compose(TextFile.Read(file), file, problems);
        section.Problems.AddRange(problems);
        YamlMap? clouds = (root as YamlMap)?["clouds"] as YamlMap;
        YamlMap? entry = clouds?[name] as YamlMap;
        if (entry is null && !optional && problems.Count == 0)
        {
            string known = clouds is null || clouds.Entries.Count == 0
                ? "no clouds"
                : string.Join(", ", clouds.Entries.Select(e => e.Key.Text));
            section.Report("cloud", $"is '{name}'; {file} has {known}");
        }
        return entry;
    }

    private static YamlMap Merge(YamlMap first, YamlMap second)
    {
        var merged = new YamlMap { Line = first.Line, Column = first.Column };
        foreach ((YamlText key, YamlValue value) in first.Entries)
            merged.Entries.Add(
                new(key, second[key.Text] is YamlMap more && value is YamlMap map ? Merge(map, more) : second[key.Text] ?? value));
        merged.Entries.AddRange(second.Entries.Where(e => first[e.Key.Text] is null));
        return merged;
    }

    private static string? Find(string variable, string name, string? beside = null)
    {
        if (System.Environment.GetEnvironmentVariable(variable) is { Length: > 0 } named)
            return named;
        string home = System.Environment.GetFolderPath(System.Environment.SpecialFolder.UserProfile);
        string[] folders = beside is not null ? [beside] : [".", Path.Combine(home, ".config", "openstack"), "/etc/openstack"];
        return folders.SelectMany(f => s_endings.Select(e => Path.Combine(f, name + e))).FirstOrDefault(File.Exists);
    }

    /// <summary>The environment as an entry of <c>clouds.yaml</c> would have it.</summary>
    private static YamlSection Environment(YamlSection section)
    {
        (YamlMap cloud, YamlMap auth) = (new YamlMap { Line = 0, Column = 0 }, new YamlMap { Line = 0, Column = 0 });
        foreach (System.Collections.DictionaryEntry variable in System.Environment.GetEnvironmentVariables())
        {
            if (variable is not { Key: string name, Value: string { Length: > 0 } value }
                || !name.StartsWith("OS_", StringComparison.Ordinal))
                continue;
            string key = name[3..].ToLowerInvariant();
            bool outside = key is "region_name" or "interface" or "cacert" or "cert" or "key" or "insecure" or "verify";
            (outside ? cloud : auth).Entries.Add(new(Text(key), Text(value)));
        }
        cloud.Entries.Add(new(Text("auth"), auth));
        return new YamlSection(cloud, "the environment", "OS_*", section.Problems);

        static YamlText Text(string text) => new() { Line = 0, Column = 0, Text = text };
    }
}
