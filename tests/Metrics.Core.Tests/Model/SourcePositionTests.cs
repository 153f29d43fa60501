using Metrics.Model;

namespace Metrics.Tests.Model;

/// <summary>What was stored of a source, by whichever version, on whichever disk.</summary>
public sealed class SourcePositionTests
{
    [Fact]
    public void A_state_is_read_as_it_was_written() =>
        Read("""{"Path":"/var/log/a.log","Offset":7,"Inner":{"Digest":"x"},"Later":1}""")
            .Should().Be(new Place("/var/log/a.log", 7, new Part("x")));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("7")]
    [InlineData("{")]
    [InlineData("{}")]
    [InlineData("""{"\ud800":1}""")]
    [InlineData("""{"Path":"\ud800","Offset":7,"Inner":{"Digest":"x"}}""")]
    [InlineData("""{"Path":"/var/log/a.log","Inner":{"Digest":"x"}}""")]
    [InlineData("""{"Path":null,"Offset":7,"Inner":{"Digest":"x"}}""")]
    [InlineData("""{"Path":"/var/log/a.log","Offset":7,"Inner":null}""")]
    [InlineData("""{"Path":"/var/log/a.log","Offset":7,"Inner":{"Digest":null}}""")]
    [InlineData("""{"Path":"/var/log/a.log","Offset":"seven","Inner":{"Digest":"x"}}""")]
    [InlineData("""{"Path":"/var/log/a.log","Offset":99999999999999999999,"Inner":{"Digest":"x"}}""")]
    public void One_that_is_damaged_is_none(string? state) => Read(state).Should().BeNull();

    private static Place? Read(string? state) => new SourcePosition("logs/a", "key", state).Read<Place>();

    private sealed record Place(string Path, long Offset, Part Inner);

    private sealed record Part(string Digest);
}
