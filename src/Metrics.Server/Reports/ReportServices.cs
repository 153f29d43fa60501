namespace Metrics.Reports;

internal static class ReportServices
{
    public static IServiceCollection AddReports(this IServiceCollection services) => services
        .AddSingleton<ReportMaker>()
        .AddHostedService<ReportSender>();
}
