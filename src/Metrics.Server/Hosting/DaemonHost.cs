using Metrics.Configuration;
using Metrics.Intake;
using Metrics.Model;
using Metrics.Storage;
using Metrics.Storage.State;
using Metrics.Telemetry;

namespace Metrics.Hosting;

/// <summary>Starts the daemon and turns what keeps it from starting into one clear line.</summary>
internal static partial class DaemonHost
{
    /// <summary>EX_SOFTWARE of sysexits.h.</summary>
    private const int Fault = 70;

    private const int ThreadsThatMayWait = 8;

    public static WebApplicationBuilder AddQuietLogging(this WebApplicationBuilder builder)
    {
        builder.Logging.ClearProviders().AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.UseUtcTimestamp = true;
            console.TimestampFormat = Timestamp.Pattern + " ";
        });
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning)
            .AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Warning)
            // What keeps us from starting is told in one line of ours; a loop that dies later is logged as critical.
            .AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
        builder.Services.Configure<Microsoft.Extensions.Hosting.HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(20));
        return builder;
    }

    /// <summary>Runs until it is told to stop.</summary>
    /// <returns>0; 2 when it cannot start, 3 when it lost its state, 70 when it ended for a fault of its own.</returns>
    public static async Task<int> RunDaemonAsync(this WebApplication app, MetricsOptions options)
    {
        app.Services.GetRequiredService<MemoryBudget>().Apply();
        // Some threads of ours wait for disks: who answers requests finds another at once, not after the pool has thought it over.
        ThreadPool.SetMinThreads(Environment.ProcessorCount + ThreadsThatMayWait, Environment.ProcessorCount);
        DataFolder.HideNewFiles();
        foreach (string warning in DataFolder.Tighten(options.Storage.Path))
            LogOpenFile(app.Logger, warning);
        try
        {
            await app.Services.GetRequiredService<HeadLoader>().RunAsync(CancellationToken.None);
            await app.StartListeningAsync(options.Listen);
        }
        catch (Exception e) when (e is StoreException or ConfigurationException or IOException or UnauthorizedAccessException
            or System.Net.Sockets.SocketException)
        {
            bool isOurs = e is StoreException or ConfigurationException;
            await Console.Error.WriteLineAsync(isOurs ? e.Message : $"metricsd cannot listen on {options.Listen.Text}: {e.Message}");
            // What has started already shall end in peace.
            await app.StopAsync();
            return 2;
        }
        catch (OperationCanceledException) when (app.Lifetime.ApplicationStopping.IsCancellationRequested)
        {
            // It was told to stop before all had started.
            await app.StopAsync();
            return 0;
        }
        Console.WriteLine($"metricsd watches; see {options.Listen.Url}{(options.Listen.SocketPath is null ? "/" : "")}");
        await app.WaitForShutdownAsync();
        if (app.Services.GetRequiredService<StateStore>().IsLost)
            return 3;
        foreach (BackgroundService room in app.Services.GetServices<IHostedService>().OfType<BackgroundService>())
        {
            if (room.ExecuteTask?.Exception is not { } fault)
                continue;
            await Console.Error.WriteLineAsync($"metricsd ended: {room.GetType().Name} failed: {fault.GetBaseException().Message}");
            return Fault;
        }
        return 0;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Text}")]
    private static partial void LogOpenFile(ILogger log, string text);
}
