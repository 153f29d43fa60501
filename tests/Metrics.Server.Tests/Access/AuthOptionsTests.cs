using Metrics.Access;
using Metrics.Configuration;
using Metrics.Hosting;

namespace Metrics.Tests.Access;

public sealed class AuthOptionsTests
{
    [Theory]
    [InlineData("", "viewer")]
    [InlineData("role: ingest", "ingest")]
    [InlineData("role: operator", "viewer operator")]
    [InlineData("role: admin", "ingest viewer operator admin")]
    [InlineData("roles: [ingest, operator]", "ingest viewer operator")]
    [InlineData("roles: viewer", "viewer")]
    public void A_token_may_do_what_its_roles_include(string roles, string may)
    {
        TokenOptions token = Parse($"name: x, token: t, {roles}").Tokens.Single();
        string.Join(' ', Roles.All.Where(token.May).Select(r => r.Name())).Should().Be(may);
    }

    [Theory]
    [InlineData("role: root", "auth.tokens[0].role is 'root'; allowed are ingest, viewer, operator, admin")]
    [InlineData("roles: [viewer, Admin]", "auth.tokens[0].roles is 'Admin'; allowed are ingest, viewer, operator, admin")]
    [InlineData("roles: []", "auth.tokens[0].roles is empty; allowed are ingest, viewer, operator, admin")]
    [InlineData("role: viewer, roles: [ingest]", "auth.tokens[0].role and 'roles' cannot stand together")]
    [InlineData("role: viewer, hosts: [a]", "auth.tokens[0].hosts binds what is sent: the token needs the role ingest, and")]
    [InlineData("roles: [ingest, operator], hosts: [a]", "auth.tokens[0].hosts binds what is sent: the token needs the role ingest, and")]
    [InlineData("role: admin, project_id: p", "auth.tokens[0].project_id binds what is sent: the token needs the role ingest, and")]
    [InlineData("role: ingest, hosts: []", "auth.tokens[0].hosts must name at least one host, and no empty one")]
    [InlineData("role: ingest, hosts: [a], project_id: p", "auth.tokens[0].project_id and 'hosts' cannot stand together")]
    [InlineData("role: ingest, project_id: ''", "auth.tokens[0].project_id is empty")]
    public void What_makes_no_sense_is_reported(string keys, string problem)
    {
        Action parse = () => Parse($"name: x, token: t, {keys}");
        parse.Should().Throw<ConfigurationException>().WithMessage($"*{problem}*");
    }

    [Fact]
    public void A_token_that_everybody_could_show_is_reported()
    {
        string file = Path.GetTempFileName();
        foreach ((string keys, string key) in ((string, string)[])
            [("token: ''", "token"), ("token: ' '", "token"), ($"token_file: {file}", "token_file")])
        {
            Action parse = () => Parse($"name: x, {keys}");
            parse.Should().Throw<ConfigurationException>().WithMessage($"*.{key} is empty: everybody could show that");
        }
        File.Delete(file);
    }

    [Theory]
    [InlineData("karma.example")]
    [InlineData("https://karma.example/")]
    [InlineData("null")]
    public void An_origin_is_no_address_of_a_page(string origin)
    {
        Action parse = () => MetricsOptions.Parse($"auth: {{ allowed_origins: ['{origin}'] }}");
        parse.Should().Throw<ConfigurationException>().WithMessage($"*auth.allowed_origins is '{origin}'; it must be scheme and host*");
    }

    [Fact]
    public void A_command_takes_the_first_token_that_may_do_what_it_does()
    {
        const string Tokens = "[ { name: send, role: ingest, token: a }, { name: see, token: b }, { name: all, role: admin, token: c } ]";
        AuthOptions auth = MetricsOptions.Parse($"auth: {{ tokens: {Tokens} }}").Auth;
        auth.TokensFor(Role.Viewer).First().Name.Should().Be("see");
        auth.TokensFor(Role.Operator).First().Name.Should().Be("all");
        auth.TokensFor(Role.Ingest).First().Name.Should().Be("send");
    }

    private static AuthOptions Parse(string token) => MetricsOptions.Parse($"auth: {{ tokens: [ {{ {token} }} ] }}").Auth;
}
