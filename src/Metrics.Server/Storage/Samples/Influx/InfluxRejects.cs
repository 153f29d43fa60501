using System.Text;

namespace Metrics.Storage.Samples.Influx;

/// <summary>What can never be sent: counted, said once a minute, and kept aside with the server's reason, for people to look at.</summary>
internal sealed partial class InfluxRejects(InfluxFlow flow, InfluxOptions options, TimeProvider time, ILogger log)
{
    private const long MaxBytes = 16 << 20;

    private static readonly TimeSpan s_quiet = TimeSpan.FromMinutes(1);

    private DateTimeOffset _logged;

    /// <summary>Takes note of lines that are refused for good.</summary>
    /// <param name="count">How many.</param>
    /// <param name="reason">The server's words.</param>
    /// <param name="lines">The lines; null where it is not known which they are.</param>
    public void Add(int count, string reason, byte[]? lines)
    {
        flow.Dropped.WithLabels("rejected").Inc(count);
        DateTimeOffset now = time.GetUtcNow();
        if (now - _logged > s_quiet)
        {
            _logged = now;
            LogRejected(count, options.Description, reason);
        }
        if (lines is not null)
            Keep(reason, lines);
    }

    private void Keep(string reason, byte[] lines)
    {
        try
        {
            string folder = Path.Combine(flow.DataFolder, "rejected");
            Directory.CreateDirectory(folder);
            string file = Path.Combine(folder, "rejected.lp");
            if (File.Exists(file) && new FileInfo(file).Length > MaxBytes)
                File.Move(file, file + ".1", overwrite: true);
            using FileStream stream = File.Open(file, FileMode.Append);
            stream.Write(Encoding.UTF8.GetBytes($"# {reason.ReplaceLineEndings(" ")}\n"));
            stream.Write(lines);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogNotKept(e.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Count} lines are refused for good by {Store}: {Reason}")]
    private partial void LogRejected(int count, string store, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Refused lines cannot be kept: {Reason}")]
    private partial void LogNotKept(string reason);
}
