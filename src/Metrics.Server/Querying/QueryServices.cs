using Metrics.Query.Engine;

namespace Metrics.Querying;

internal static class QueryServices
{
    public static IServiceCollection AddQueries(this IServiceCollection services) => services
        .AddSingleton(new QueryEngine())
        .AddSingleton<QueryService>();
}
