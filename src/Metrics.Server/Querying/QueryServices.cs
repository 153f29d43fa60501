using Metrics.Query.Engine;
using Metrics.Telemetry;

namespace Metrics.Querying;

internal static class QueryServices
{
    private const long MaxMemoryByDefault = 512L << 20;

    public static IServiceCollection AddQueries(this IServiceCollection services, QuerySection options) => services
        .AddOwnMetrics<QueryMetrics>()
        .AddSingleton(s => new QueryEngine(new EngineOptions
        {
            Lookback = options.Lookback,
            MaxSamples = options.MaxSamples,
            MaxSamplesRead = options.MaxSamplesRead,
            MaxBytes = Math.Min(
                options.MaxMemory ?? Math.Min(s.GetRequiredService<MemoryBudget>().Queries.Bytes / 2, MaxMemoryByDefault),
                s.GetRequiredService<MemoryBudget>().Queries.Bytes),
        }))
        .AddSingleton<QueryService>();
}
