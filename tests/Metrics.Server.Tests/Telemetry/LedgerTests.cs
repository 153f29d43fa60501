using Metrics.Telemetry;

namespace Metrics.Tests.Telemetry;

/// <summary>What is accepted is accounted for, and what is only on its way is not taken for missing.</summary>
public sealed class LedgerTests
{
    private readonly MetricRegistry _registry = new();
    private double _missing;

    private Ledger Ledger => _registry.Ledger;

    public LedgerTests() => Ledger.Open("samples", () => _missing);

    [Fact]
    public void What_is_missing_at_every_look_is_missing()
    {
        Look(7, 5, 9);
        Ledger.Close().Should().Equal(("samples", 5));
        Look(5);
        Ledger.Close().Should().Equal([("samples", 5)], "it is still missing");
    }

    [Theory]
    [InlineData(7.0, 0.0, 9.0)]
    [InlineData(-3.0, 0.0, -1.0)]
    [InlineData(7.0, -2.0)]
    public void What_is_on_its_way_is_not_missing(params double[] looks)
    {
        Look(looks);
        Ledger.Close().Should().BeEmpty();
    }

    [Fact]
    public void More_out_than_in_is_wrong_too()
    {
        Look(-3, -2);
        Ledger.Close().Should().Equal(("samples", -2));
    }

    [Fact]
    public void Each_minute_stands_for_itself()
    {
        Look(4, 4);
        Ledger.Close().Should().HaveCount(1);
        Look(0, 4);
        Ledger.Close().Should().BeEmpty();
        Ledger.Close().Should().BeEmpty("nobody looked");
    }

    private void Look(params double[] looks)
    {
        foreach (double missing in looks)
        {
            _missing = missing;
            Ledger.Look();
        }
    }
}
