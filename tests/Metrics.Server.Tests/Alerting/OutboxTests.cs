using Metrics.Alerting;
using Metrics.Configuration;
using Metrics.Hosting;
using Metrics.Storage.State;
using Metrics.Telemetry;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Metrics.Tests.Alerting;

public sealed class OutboxTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("outbox").FullName;
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 3, 10, 12, 0, 0, TimeSpan.Zero));

    [Fact]
    public async Task A_message_is_tried_again_while_the_state_cannot_be_written()
    {
        var registry = new MetricRegistry();
        var metrics = new NotificationMetrics(registry);
        using StateStore state = AlertingRoom.OpenState(_folder, _time, registry);
        using var history = new HistoryWriter(state, new AlertMetrics(registry), _time);
        var options = new Current<NotificationOptions>(
            MetricsOptions.Parse("receivers: [ { name: r, webhook_configs: [ { url: 'http://127.0.0.1:9/' } ] } ]").Notifications);
        state.Write(w => w.Save(new OutboxRow { Target = "r/webhook/0", Payload = "{}", IdempotencyKey = "key" }));
        // Without its tools no try can succeed.
        using var outbox = new Outbox(state, options, history, null!, metrics, _time, NullLogger<Outbox>.Instance);
        using (var locking = new SqliteConnection($"Data Source={Path.Combine(_folder, "state.db")};Pooling=false"))
        {
            locking.Open();
            using SqliteTransaction other = locking.BeginTransaction(deferred: false);
            await outbox.StartAsync(default);
            await Eventually.Async(() => IsTried(3), "three tries");
        }
        await Eventually.Async(() => IsTried(4) && AttemptsWritten(state) >= 4, "all are written when that goes again");
        await outbox.StopAsync(default);

        bool IsTried(int times)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            return metrics.Deliveries.WithLabels("webhook", "retry").Value >= times;
        }
    }

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, true);
    }

    private static int AttemptsWritten(StateStore state)
    {
        using StateDb db = state.Open();
        return db.Outbox.Single().Attempts;
    }
}
