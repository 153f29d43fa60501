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
using Metrics.Rules;
using Metrics.Storage;
using Metrics.Telemetry;
using Metrics.Web;

return await CommandLine.RunAsync(args, static async source =>
{
    MetricsOptions options = source.Load();
    await using WebApplication app = Build(source, options);
    return await app.RunDaemonAsync(options);
});

/// <summary>The daemon, put together.</summary>
internal static partial class Program
{
    /// <summary>Puts it together; nothing runs yet.</summary>
    internal static WebApplication Build(ConfigurationSource source, MetricsOptions options)
    {
        // Nothing of ours is in appsettings.json: to watch its folder would be to look at every write to our own data.
        var quiet = new WebApplicationOptions { Args = ["--hostBuilder:reloadConfigOnChange=false"] };
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(quiet);
        builder.AddQuietLogging();
        // The order is that of starting; stopping runs through it backwards, so that whoever produces stops before whoever takes.
        builder.Services
            .AddConfiguration(source, options)
            .AddTelemetry()
            .AddStores(options.Storage, options.Events)
            .AddIntake(options.Head)
            .AddQueries(options.Query)
            .AddNotifiers()
            .AddAlerting()
            .AddRules()
            .AddPollers()
            .AddInputs()
            .AddApi()
            .AddPages()
            .AddReload();
        WebApplication app = builder.Build();
        app.DeclareOwnMetrics();
        app.UseAccess();
        app.UseRetryLater();
        app.MapApi();
        app.MapReload();
        app.MapPages();
        return app;
    }
}
