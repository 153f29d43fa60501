using Metrics.Access;
using Metrics.Storage;
using Microsoft.AspNetCore.Http.Features;

namespace Metrics.Api.Export;

/// <summary>A copy of the data folder as a tar, for <c>metricsd backup</c>.</summary>
internal static partial class BackupEndpoint
{
    public static void MapBackup(this WebApplication app) => app.MapGet("/api/v1/backup", BackupAsync).For(Role.Admin);

    private static async Task BackupAsync(HttpContext context, Backup backup, ILogger<Backup> log)
    {
        context.Response.ContentType = "application/x-tar";
        // The end of a tar is written without waiting.
        if (context.Features.Get<IHttpBodyControlFeature>() is { } control)
            control.AllowSynchronousIO = true;
        await context.Response.StartAsync(context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
        // What fails from here on breaks the answer off, and who reads it misses its last entry.
        try
        {
            await backup.WriteAsync(context.Response.Body, context.RequestAborted);
        }
        catch (Exception e) when (e is StoreException or IOException or UnauthorizedAccessException)
        {
            LogBroken(log, e.Message);
            context.Abort();
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A backup is broken off: {Reason}")]
    private static partial void LogBroken(ILogger log, string reason);
}
