using Metrics.Inputs;
using Metrics.Model;

namespace Metrics.Tests.Inputs;

/// <summary>A batch is handed on before it grows too large, whatever it holds.</summary>
public sealed class OpenBatchTests
{
    private readonly OpenBatch _batch = new("t");

    [Theory]
    [InlineData(4_095, false)]
    [InlineData(4_096, true)]
    public void One_without_events_is_full_when_it_accounts_for_much(int entries, bool isFull)
    {
        for (int n = 0; n < entries; n++)
            _batch.Events.Add(new LedgerEntry { Source = "t", Part = "file", ReadAt = 1 });
        _batch.IsFull.Should().Be(isFull);
        _batch.Take()?.Dispose();
        _batch.IsFull.Should().BeFalse("the next one is another");
    }

    [Fact]
    public void Texts_of_positions_and_gaps_count_as_those_of_events_do()
    {
        for (int n = 0; n < 100; n++)
            _batch.Events.Add(new SourcePosition("t", $"{n}", new string('x', 30_000)));
        _batch.IsFull.Should().BeTrue();
        _batch.Take()?.Dispose();
        for (int n = 0; n < 10_000; n++)
            _batch.Events.Add(new LedgerGap { Source = "t", Reason = LedgerReasons.Gone, FromTime = 0, ToTime = 1, FoundAt = 1 });
        _batch.IsFull.Should().BeTrue();
    }
}
