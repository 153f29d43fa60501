using System.Text;
using System.Text.Json;
using Metrics.Configuration;

namespace Metrics.Pollers.OpenStack.Client;

/// <summary>Who we are to Keystone and what we ask a token for; the words are those of <c>clouds.yaml</c>.</summary>
/// <remarks>https://docs.openstack.org/api-ref/identity/v3/#authentication-and-token-management</remarks>
internal sealed record CloudAuth
{
    /// <summary>Keystone's address, with or without <c>/v3</c>.</summary>
    public required Uri AuthUrl { get; init; }

    public string? UserName { get; init; }

    public string? UserId { get; init; }

    /// <summary>Domain of the user: an id, or a name. Default: the domain with the id <c>default</c>.</summary>
    public DomainRef UserDomain { get; init; } = DomainRef.Default;

    public Secret? Password { get; init; }

    public string? ApplicationCredentialId { get; init; }

    public string? ApplicationCredentialName { get; init; }

    public Secret? ApplicationCredentialSecret { get; init; }

    public string? ProjectName { get; init; }

    public string? ProjectId { get; init; }

    public DomainRef ProjectDomain { get; init; } = DomainRef.Default;

    /// <summary>A token for a whole domain, where neither project nor system is named.</summary>
    public DomainRef? Domain { get; init; }

    /// <summary>A token for the system (<c>system_scope: all</c>).</summary>
    public bool System { get; init; }

    /// <summary>A domain by id or by name.</summary>
    internal sealed record DomainRef(string? Id, string? Name)
    {
        public static readonly DomainRef Default = new("default", null);

        public void Write(Utf8JsonWriter json)
        {
            json.WriteStartObject("domain");
            json.WriteString(Id is not null ? "id" : "name", Id ?? Name);
            json.WriteEndObject();
        }
    }

    /// <summary>The body of <c>POST /v3/auth/tokens</c>.</summary>
    /// <exception cref="IOException">The file of a secret cannot be read.</exception>
    public byte[] ToRequest()
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteStartObject("auth");
            json.WriteStartObject("identity");
            bool byCredential = ApplicationCredentialSecret is not null;
            json.WriteStartArray("methods");
            json.WriteStringValue(byCredential ? "application_credential" : "password");
            json.WriteEndArray();
            if (byCredential)
                WriteCredential(json);
            else
                WritePassword(json);
            json.WriteEndObject();
            // An application credential is bound to its project.
            if (!byCredential)
                WriteScope(json);
            json.WriteEndObject();
            json.WriteEndObject();
        }
        return buffer.ToArray();
    }

    private void WriteCredential(Utf8JsonWriter json)
    {
        json.WriteStartObject("application_credential");
        if (ApplicationCredentialId is not null)
        {
            json.WriteString("id", ApplicationCredentialId);
        }
        else
        {
            json.WriteString("name", ApplicationCredentialName);
            WriteUser(json, withPassword: false);
        }
        json.WriteString("secret", ApplicationCredentialSecret!.Reveal());
        json.WriteEndObject();
    }

    private void WritePassword(Utf8JsonWriter json)
    {
        json.WriteStartObject("password");
        WriteUser(json, withPassword: true);
        json.WriteEndObject();
    }

    private void WriteUser(Utf8JsonWriter json, bool withPassword)
    {
        json.WriteStartObject("user");
        if (UserId is not null)
        {
            json.WriteString("id", UserId);
        }
        else
        {
            json.WriteString("name", UserName);
            UserDomain.Write(json);
        }
        if (withPassword)
            json.WriteString("password", Password?.Reveal() ?? "");
        json.WriteEndObject();
    }

    private void WriteScope(Utf8JsonWriter json)
    {
        if (!System && ProjectId is null && ProjectName is null && Domain is null)
            return;
        json.WriteStartObject("scope");
        if (System)
        {
            json.WriteStartObject("system");
            json.WriteBoolean("all", true);
            json.WriteEndObject();
        }
        else if (ProjectId is not null || ProjectName is not null)
        {
            json.WriteStartObject("project");
            if (ProjectId is not null)
            {
                json.WriteString("id", ProjectId);
            }
            else
            {
                json.WriteString("name", ProjectName);
                ProjectDomain.Write(json);
            }
            json.WriteEndObject();
        }
        else
        {
            Domain!.Write(json);
        }
        json.WriteEndObject();
    }

    /// <summary>Says who and where, never how.</summary>
    public override string ToString() => $"{UserName ?? UserId ?? ApplicationCredentialName ?? ApplicationCredentialId} at {AuthUrl}";

    private bool PrintMembers(StringBuilder to)
    {
        to.Append(ToString());
        return true;
    }
}
