using Metrics.Api;
using Metrics.Alerting;
using Metrics.Cli;
using Metrics.Hosting;
using Metrics.Intake;
using Metrics.Notifiers;
using Metrics.Pollers;
using Metrics.Querying;
using Metrics.Rules;
using Metrics.Inputs;
using Metrics.Storage;
using Metrics.Telemetry;
using Metrics.Web;

return await CommandLine.RunAsync(args, static async source =>
{
    MetricsOptions options = source.Load();
    // Nothing of ours is in appsettings.json: to watch its folder would be to look at every write to our own data.
    WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = ["--hostBuilder:reloadConfigOnChange=false"] });
    builder.AddQuietLogging();
    // The order is that of starting; stopping runs through it backwards, so that whoever produces stops before whoever takes.
    builder.Services
        .AddConfiguration(source, options)
        .AddTelemetry()
        .AddStores(options.Storage)
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
    await using WebApplication app = builder.Build();
    app.UseAccess();
    app.MapApi();
    app.MapReload();
    app.MapPages();
    return await app.RunDaemonAsync(options);
});
