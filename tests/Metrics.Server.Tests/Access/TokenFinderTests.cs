using Metrics.Access;
using Metrics.Hosting;
using Microsoft.Extensions.Time.Testing;

namespace Metrics.Tests.Access;

/// <summary>Whose token it is, also while the files of tokens are written anew.</summary>
public sealed class TokenFinderTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();
    private readonly FakeTimeProvider _time = new();
    private readonly SaidLog<TokenFinder> _log = new();
    private readonly TokenFinder _finder;
    private readonly AuthOptions _auth;

    public TokenFinderTests()
    {
        File.WriteAllText(_file, "f1\n");
        _auth = MetricsOptions.Parse($"auth: {{ tokens: [ {{ name: f, token_file: {_file} }}, {{ name: v, token: v1 }} ] }}").Auth;
        _finder = new TokenFinder(_time, _log);
    }

    [Theory]
    [InlineData("f1", "f")]
    [InlineData("v1", "v")]
    [InlineData("F1", null)]
    [InlineData("", null)]
    public void A_token_is_of_who_has_it(string given, string? name) => _finder.Find(_auth, given)?.Name.Should().Be(name);

    [Theory]
    [InlineData("")]
    [InlineData("\n")]
    public void A_file_that_is_empty_now_lets_nobody_in(string text)
    {
        File.WriteAllText(_file, text);
        _finder.Find(_auth, "").Should().BeNull();
        _finder.Find(_auth, text.Trim()).Should().BeNull();
        _finder.Find(_auth, "f1").Should().BeNull();
        File.WriteAllText(_file, "f2");
        _finder.Find(_auth, "f2")!.Name.Should().Be("f");
    }

    [Fact]
    public void A_file_that_cannot_be_read_costs_its_own_token_and_is_logged_now_and_then()
    {
        File.Delete(_file);
        _finder.Find(_auth, "f1").Should().BeNull();
        _finder.Find(_auth, "v1")!.Name.Should().Be("v");
        _log.Messages.Should().ContainSingle().Which.Should().StartWith("The token of f lets nobody in: ");
        _time.Advance(TimeSpan.FromMinutes(6));
        _finder.Find(_auth, "v1");
        _log.Messages.Should().HaveCount(2);
    }

    public void Dispose() => File.Delete(_file);
}
