using Metrics.Query.Engine;

namespace Metrics.Querying;

internal static class QueryServices
{
    public static IServiceCollection AddQueries(this IServiceCollection services, QuerySection options) => services
        .AddSingleton(
            new QueryEngine(
            new EngineOptions { Lookback = options.Lookback, MaxSamples = options.MaxSamples, MaxSamplesRead = options.MaxSamplesRead }))
        .AddSingleton<QueryService>();
}
