namespace Metrics.Reports;

/// <summary>What reports are made of, in the order in which they say it.</summary>
internal static class ReportServices
{
    public static IServiceCollection AddReports(this IServiceCollection services) => services
        .AddSingleton<ReportSource, AlertsReport>()
        .AddSingleton<ReportSource, LoginsReport>()
        .AddSingleton<ReportSource, LeftBehindReport>()
        .AddSingleton<ReportSource, LogsReport>()
        .AddSingleton<ReportSource, RecordReport>()
        .AddSingleton<ReportMaker>()
        .AddSingleton<ReportTimes>()
        .AddHostedService<ReportSender>();
}
