using System.Text.Json;
using Metrics.Formats.Logs.OpenStack;
using Metrics.Model;
using Metrics.Scheduling;
using Metrics.Storage.Events;

namespace Metrics.Inputs.Logs;

/// <summary>
/// Watches what services' own configuration says of their logs: a change is an event with the old and the new value, also one that was made
/// while the daemon was away. It holds for the service once that is started again.
/// </summary>
internal sealed class LogConfigInput(LogConfigOptions options, EventLog events, TimeProvider time) : IInput
{
    private const string Key = "options";
    private const int MaxFileBytes = 4 << 20;

    /// <summary>How often it is looked at the files, where nothing says that one has changed.</summary>
    private static readonly TimeSpan s_look = TimeSpan.FromSeconds(5);

    /// <summary>How long a change must stand: somebody may be writing.</summary>
    private static readonly TimeSpan s_settle = TimeSpan.FromSeconds(1);

    private static readonly string s_host = Environment.MachineName;

    private readonly WakeSignal _wake = new(time);
    private string? _problem;

    /// <inheritdoc />
    public async Task RunAsync(IInputSink sink, CancellationToken stop, CancellationToken abort)
    {
        using var watch = new FolderWatch(_wake);
        Values? known = Values.From((await events.PositionsAsync(options.Name, stop)).FirstOrDefault(p => p.Key == Key));
        Values? seen = null;
        // A file that is not there says itself as an error, and does not make all logs unheard.
        sink.Ready($"{options.Paths.Files().Count()} files of configuration at the start");
        while (!stop.IsCancellationRequested)
        {
            watch.Watch(options.Paths.Folders);
            if (Read(sink.Counters) is { } now)
            {
                if (known is null || (now.Equals(seen) && !now.Equals(known)))
                {
                    await sink.CommitAsync(ToBatch(known, now), abort);
                    known = now;
                }
                seen = now;
            }
            if (seen is null || seen.Equals(known))
            {
                watch.Arm();
                await _wake.WaitAsync(s_look, stop);
            }
            else
            {
                await Task.Delay(s_settle, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>What the files say now; null where one cannot be read, or none is there.</summary>
    private Values? Read(InputCounters counters)
    {
        string path = "";
        try
        {
            var values = new SortedDictionary<string, string>(StringComparer.Ordinal);
            string[] files = [.. options.Paths.Files().Select(f => f.Path)];
            if (files.Length == 0)
                throw new FileNotFoundException("no file of config is there");
            foreach (string file in files)
            {
                path = file;
                if (new FileInfo(file).Length > MaxFileBytes)
                    throw new InvalidDataException($"it has more than {MaxFileBytes} bytes");
                OsloLogConfig.Read(File.ReadAllText(file), values);
            }
            _problem = null;
            return new Values(files, values);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            if (_problem != e.Message)
                counters.Add(InputError.Unreadable, path, e);
            _problem = e.Message;
            return null;
        }
    }

    private EventBatch ToBatch(Values? old, Values now)
    {
        var batch = new EventBatch(options.Name, 4);
        string service = options.Service ?? LogTail.ServiceOf(now.Files[0]);
        foreach (OsloLogChange change in old is null ? [] : OsloLogConfig.Compare(old.Options, now.Options))
        {
            long at = time.GetUnixNanoseconds();
            bool isLess = change.Lowered is not null;
            batch.Add(at, at, isLess ? EventKinds.LogLowered : EventKinds.ConfigChanged, isLess ? Severity.Warning : Severity.Notice,
                $"{service}: {change.Option} was changed from {Shown(change.Old)} to {Shown(change.New)}"
                + (isLess ? $": {change.Lowered}" : ""));
            batch.AddField(EventFields.Host, s_host);
            batch.AddField(EventFields.Service, service);
            batch.AddField(EventFields.FilePath, now.Files[0]);
            batch.AddField(EventFields.ConfigOption, $"DEFAULT.{change.Option}");
            batch.AddField(EventFields.ConfigOld, change.Old);
            batch.AddField(EventFields.ConfigNew, change.New);
            foreach (EventField label in options.Labels.Fields)
                batch.AddField(label.Name, label.Value);
        }
        batch.Add(now.ToSource(options.Name));
        return batch;
    }

    private static string Shown(string? value) => value is null ? "its default" : value.Length == 0 ? "nothing" : value;

    /// <summary>What the files say.</summary>
    /// <param name="Files">The files.</param>
    /// <param name="Options">The options that they give.</param>
    private sealed record Values(string[] Files, SortedDictionary<string, string> Options)
    {
        public static Values? From(SourcePosition? position) => position?.Read<Values>();

        public SourcePosition ToSource(string source) => new(source, Key, JsonSerializer.Serialize(this));

        public bool Equals(Values? other) => other is not null && Options.SequenceEqual(other.Options);

        public override int GetHashCode() => Options.Count;
    }
}
