using Metrics.Access;
using Metrics.Alerting;
using Metrics.Api;
using Metrics.Cli;
using Metrics.Hosting;
using Metrics.Inputs;
using Metrics.Intake;
using Metrics.Notifiers;
using Metrics.Pollers;
using Metrics.Querying;
using Metrics.Reports;
using Metrics.Rules;
using Metrics.Storage;
using Metrics.Telemetry;
using Metrics.Web;
using Microsoft.AspNetCore.Http.Features;

return await CommandLine.RunAsync(args, static async source =>
{
    MetricsOptions options = source.Load();
    if ((OpenFiles.Fault() ?? MemoryLimit.Read().Fault()) is { } fault)
    {
        DaemonLog.Say(options.Logging, fault, isError: true);
        return 2;
    }
    await using WebApplication app = Build(source, options);
    return await app.RunDaemonAsync(options);
});

/// <summary>The daemon, put together.</summary>
internal static partial class Program
{
    /// <summary>Puts it together; nothing runs yet.</summary>
    internal static WebApplication Build(ConfigurationSource source, MetricsOptions options)
    {
        var budget = MemoryBudget.Of(options.Memory, TimeProvider.System);
        options = options with { Storage = options.Storage.Within(budget) };
        // Nothing of ours is in appsettings.json: to watch its folder would be to look at every write to our own data.
        var quiet = new WebApplicationOptions { Args = ["--hostBuilder:reloadConfigOnChange=false"] };
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(quiet);
        builder.AddDaemonLog(options.Logging);
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(20));
        builder.WebHost.ConfigureKestrel(kestrel => HttpLimits.Set(kestrel, options.MaxConnections));
        builder.Services.Configure<FormOptions>(HttpLimits.Set);
        // The order is that of starting; stopping runs through it backwards, so that whoever produces stops before whoever takes.
        builder.Services
            .AddConfiguration(source, options)
            .AddTelemetry(budget)
            .AddStores(options.Storage, options.Events, options.Forward)
            .AddIntake(options.Head)
            .AddQueries(options.Query)
            .AddNotifiers()
            .AddAlerting()
            .AddRules()
            .AddPollers()
            .AddInputs()
            .AddApi()
            .AddPages()
            .AddReports()
            .AddReload();
        WebApplication app = builder.Build();
        app.DeclareOwnMetrics();
        app.UseErrorAnswers();
        app.UseAccess();
        app.UseRetryLater();
        app.MapApi();
        app.MapReload();
        app.MapPages();
        app.MapReports();
        return app;
    }
}
