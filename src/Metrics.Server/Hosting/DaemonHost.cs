using Metrics.Configuration;
using Metrics.Intake;
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
            string why = isOurs ? e.Message : $"metricsd cannot listen on {options.Listen.Text}: {e.Message}";
            DaemonLog.Say(options.Logging, why, isError: true);
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
        DaemonLog.Say(options.Logging, $"metricsd watches; see {options.Listen.Url}{(options.Listen.SocketPath is null ? "/" : "")}");
        await using (app.Lifetime.ApplicationStopping.Register(() => DaemonLog.Say(options.Logging, "metricsd stops")))
            await app.WaitForShutdownAsync();
        int code = EndOf(app, options);
        if (code == 0)
            DaemonLog.Say(options.Logging, "metricsd has stopped");
        return code;
    }

    /// <summary>The exit code of a daemon that has ended.</summary>
    private static int EndOf(WebApplication app, MetricsOptions options)
    {
        if (app.Services.GetRequiredService<StateStore>().IsLost)
            return 3;
        foreach (BackgroundService room in app.Services.GetServices<IHostedService>().OfType<BackgroundService>())
        {
            if (room.ExecuteTask?.Exception is not { } fault)
                continue;
            string why = $"metricsd ended: {room.GetType().Name} failed: {fault.GetBaseException().Message}";
            DaemonLog.Say(options.Logging, why, isError: true);
            return Fault;
        }
        return 0;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Text}")]
    private static partial void LogOpenFile(ILogger log, string text);
}
