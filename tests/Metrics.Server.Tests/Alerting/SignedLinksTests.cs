using Metrics.Alerting;
using Metrics.Hosting;
using Metrics.Storage.State;
using Metrics.Telemetry;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Metrics.Tests.Alerting;

public sealed class SignedLinksTests : IDisposable
{
    private static readonly DateTimeOffset s_now = new(2026, 11, 26, 12, 0, 0, TimeSpan.Zero);

    private readonly string _folder = Directory.CreateTempSubdirectory("links").FullName;
    private readonly StateStore _state;

    public SignedLinksTests()
    {
        var lifetime = new ApplicationLifetime(NullLogger<ApplicationLifetime>.Instance);
        _state = new StateStore(
            MetricsOptions.Parse($"storage: {{ path: '{_folder}' }}").Storage, new StateMetrics(new MetricRegistry()), lifetime,
            new FakeTimeProvider(s_now), NullLogger<StateStore>.Instance);
        _state.Prepare();
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(-7, true)]
    [InlineData(-8, false)]
    [InlineData(1, false)]
    [InlineData(365, false)]
    public void A_link_holds_for_seven_days_and_one_that_is_to_hold_for_longer_for_none(int signedDays, bool isGood)
    {
        string[] query = At(s_now.AddDays(signedDays)).Sign("acknowledge k").Split('&');
        At(s_now).IsGood("acknowledge k", query[0]["until=".Length..], query[1]["sig=".Length..]).Should().Be(isGood);
    }

    public void Dispose()
    {
        _state.Dispose();
        SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, true);
    }

    private SignedLinks At(DateTimeOffset now)
    {
        var links = new SignedLinks(_state, new FakeTimeProvider(now));
        links.Load();
        return links;
    }
}
