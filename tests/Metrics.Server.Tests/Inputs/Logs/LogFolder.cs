using System.IO.Compression;
using System.Text;
using Metrics.Hosting;
using Metrics.Inputs;
using Metrics.Inputs.Logs;
using Metrics.Model;
using Metrics.Series;
using Metrics.Storage;
using Metrics.Storage.Events;
using Metrics.Telemetry;
using Metrics.Tests.Storage.Events;
using EventLog = Metrics.Storage.Events.EventLog;

namespace Metrics.Tests.Inputs.Logs;

/// <summary>A folder of logs, and an input that reads it into a real event log; it can be stopped, cut off, and started again.</summary>
internal sealed class LogFolder : IAsyncDisposable
{
    private readonly EventLogFolder _folder = new(TimeProvider.System);
    private readonly string _root;
    private readonly string _keys;
    private readonly EventLog _log;
    private readonly Sink _sink;
    private CancellationTokenSource _stop = new();
    private Task? _running;

    /// <param name="keys">Keys of the input beside its name and paths.</param>
    /// <param name="paths">Patterns within the folder.</param>
    public LogFolder(string keys = "", string paths = "*.log")
    {
        _root = Directory.CreateDirectory(Path.Combine(_folder.Path, "logs")).FullName;
        _keys = $"name: test, paths: ['{_root}/{paths}']" + (keys.Length == 0 ? "" : ", " + keys);
        _log = _folder.Open();
        _sink = new Sink(_log);
    }

    /// <summary>Whether commits fail.</summary>
    public bool Fails { set => _sink.Fails = value; }

    /// <summary>Holds the commits that come now until it is completed.</summary>
    public Task Gate { set => _sink.Gate = value; }

    /// <summary>Commits that were asked for.</summary>
    public int Commits => _sink.Commits;

    /// <summary>Events that were handed over, stored or not: rules have seen them.</summary>
    public int HandedOver => _sink.HandedOver;

    public InputCounters Counters => _sink.Counters;

    /// <summary>What the event log counts.</summary>
    public EventLogMetrics Metrics => _folder.Metrics;

    /// <summary>The accounts.</summary>
    public Ledger Ledger => _folder.Registry.Ledger;

    public string PathOf(string name) => Path.Combine(_root, name);

    /// <summary>Starts the input; returns when it has looked at the files once.</summary>
    public async Task StartAsync()
    {
        LogsOptions options = MetricsOptions.Parse($"inputs: {{ logs: [ {{ {_keys} }} ] }}").Inputs.Inputs.OfType<LogsOptions>().Single();
        _stop = new CancellationTokenSource();
        _sink.Begin();
        _running = RunAsync(options, _stop.Token);
        await await Task.WhenAny(_sink.ReadyAsync, _running);
    }

    /// <summary>Starts the input, and holds it before its first look.</summary>
    /// <returns>What lets it go on; returns when it has looked.</returns>
    public async Task<Func<Task>> StartHeldAsync()
    {
        int before = Commits;
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Gate = held.Task;
        Task started = StartAsync();
        await Eventually.Async(() => Commits > before, "it is about to look");
        Gate = Task.CompletedTask;
        return () =>
        {
            held.SetResult();
            return started;
        };
    }

    /// <summary>Ends it wherever it is, as kill would, but for what is being committed.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        if (_running is not null)
            await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _sink.LastCommit.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _running = null;
    }

    public void Append(string name, string text) => File.AppendAllText(PathOf(name), text, new UTF8Encoding(false));

    public void Append(string name, byte[] bytes)
    {
        using FileStream file = File.Open(PathOf(name), FileMode.Append, FileAccess.Write, FileShare.ReadWrite);
        file.Write(bytes);
    }

    /// <summary>What logrotate's <c>copytruncate</c> does.</summary>
    public void CopyTruncate(string name, string copy)
    {
        File.Copy(PathOf(name), PathOf(copy));
        using FileStream file = File.Open(PathOf(name), FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        file.SetLength(0);
    }

    public void Move(string name, string to) => File.Move(PathOf(name), PathOf(to));

    /// <summary>What logrotate's <c>compress</c> does.</summary>
    public void Pack(string name)
    {
        using (FileStream from = File.OpenRead(PathOf(name)))
        using (var to = new GZipStream(File.Create(PathOf(name + ".gz")), CompressionLevel.Fastest))
            from.CopyTo(to);
        File.SetLastWriteTimeUtc(PathOf(name + ".gz"), File.GetLastWriteTimeUtc(PathOf(name)));
        File.Delete(PathOf(name));
    }

    /// <summary>Starts it again where it fails because nothing can be stored, as the frame around inputs does.</summary>
    private async Task RunAsync(LogsOptions options, CancellationToken stop)
    {
        while (true)
        {
            try
            {
                await options.Create(new InputTools(null!, _log, TimeProvider.System)).RunAsync(_sink, stop, stop);
                return;
            }
            catch (StoreException) when (!stop.IsCancellationRequested)
            {
                await Task.Yield();
            }
        }
    }

    /// <summary>Has it that devices had other numbers when the files were read, as before a reboot.</summary>
    public async Task NumberDevicesAnewAsync()
    {
        var batch = new EventBatch("test");
        foreach (SourcePosition position in await _log.PositionsAsync("logs/test", CancellationToken.None))
        {
            if (FilePosition.From(position) is { } file)
                batch.Add((file with { Device = file.Device + 1 }).ToSource(position.Source));
        }
        await EventLogFolder.WriteAsync(_log, batch);
    }

    /// <summary>All events, in the order in which they were committed.</summary>
    public async Task<List<Event>> EventsAsync()
    {
        var events = new List<Event>();
        await foreach (EventBatch batch in _log.ReadAsync(new EventQuery(), CancellationToken.None))
        {
            using (batch)
            {
                for (int row = 0; row < batch.Count; row++)
                    events.Add(batch.ToEvent(row));
            }
        }
        return events;
    }

    /// <summary>The events, once there are some of a number that a check likes.</summary>
    public async Task<List<Event>> EventsAsync(int count)
    {
        List<Event> events = [];
        if (_running is { IsFaulted: true } failed)
            await failed;
        await Eventually.Async(
            async () => (events = await EventsAsync()).Count >= count, $"there are {count} events", TimeSpan.FromSeconds(30));
        return events;
    }

    /// <summary>The files with something unread, once that is so many bytes.</summary>
    public async Task<IReadOnlyList<UnreadFile>> UnreadAsync(long bytes)
    {
        IReadOnlyList<UnreadFile> unread = [];
        await Eventually.Async(() => (unread = Counters.Unread).Sum(u => u.Bytes) == bytes, $"{bytes} bytes are unread");
        return unread;
    }

    /// <summary>Puts other states in the place of those that are stored; the input must not run.</summary>
    public async Task ChangePositionsAsync(Func<SourcePosition, string?> change)
    {
        using var batch = new EventBatch("logs/test", 1);
        foreach (SourcePosition position in await _log.PositionsAsync("logs/test", CancellationToken.None))
            batch.Add(position with { State = change(position) });
        await _log.WriteAsync([batch], CancellationToken.None);
    }

    /// <summary>What the ledger says of a time, nanoseconds since 1970 UTC.</summary>
    public Task<LedgerReport> LedgerAsync(long from = 0, long to = long.MaxValue, string? file = null) =>
        _log.LedgerAsync(new LedgerQuery(from, to, File: file), CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        _sink.LetGo();
        await StopAsync();
        await _log.DisposeAsync();
        _folder.Dispose();
    }

    private sealed class Sink(EventLog log) : IInputSink
    {
        private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public InputCounters Counters { get; } = new();

        public bool Fails { get; set; }

        public Task Gate { get; set; } = Task.CompletedTask;

        public int Commits { get; private set; }

        public int HandedOver { get; private set; }

        public Task ReadyAsync => _ready.Task;

        public Task LastCommit { get; private set; } = Task.CompletedTask;

        public void Begin() => _ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Holds nothing any more, also where a test has failed that would have let it go.</summary>
        public void LetGo() => _over.TrySetResult();

        public void Ready(string detail) => _ready.TrySetResult();

        public ValueTask WriteAsync(EventBatch batch, CancellationToken ct) => throw new NotSupportedException();

        public Task<AppendResult> CommitAsync(SampleBatch batch, CancellationToken ct) => throw new NotSupportedException();

        public ValueTask<Task> SubmitAsync(EventBatch batch, CommitOrder? order, CancellationToken ct) =>
            ValueTask.FromResult(LastCommit = CommitAsync(batch, order, LastCommit));

        private async Task CommitAsync(EventBatch batch, CommitOrder? order, Task before)
        {
            using (batch)
            {
                (bool fails, Task gate) = (Fails, Gate);
                Commits++;
                HandedOver += batch.Count;
                await Task.Yield();
                await Task.WhenAny(gate, _over.Task);
                await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (fails)
                    order?.Break();
                if (fails || order is { IsBroken: true })
                    throw new StoreException("the test wants it so");
                await EventLogFolder.WriteAsync(log, batch);
            }
        }
    }
}
