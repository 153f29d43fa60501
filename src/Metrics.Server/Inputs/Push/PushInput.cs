using Metrics.Storage;
using Metrics.Storage.Events;
using Metrics.Text;

namespace Metrics.Inputs.Push;

/// <summary><c>inputs.push</c>: what is pushed over HTTP.</summary>
/// <param name="AllowFrom">Who may push. Default: everybody whom <c>auth</c> lets.</param>
internal sealed record PushOptions(AllowList AllowFrom) : InputOptions
{
    /// <inheritdoc />
    public override string Name => "push";

    /// <inheritdoc />
    public override string Kind => "push";

    /// <inheritdoc />
    public override IInput Create(InputTools tools) => new PushInput(this, tools.Push, tools.Events);

    /// <summary>Reads the section. There is always one push input.</summary>
    public static IEnumerable<PushOptions> Read(YamlSection inputs)
    {
        YamlSection section = inputs.Section("push");
        AllowList allow = AllowList.Read(section);
        // Which measurements are events is read with every point, and needs no restart: PushEventKinds.
        section.Value("events");
        section.Finish();
        return [new PushOptions(allow)];
    }
}

/// <summary>Opens the push endpoints for as long as it runs; the web server brings the requests.</summary>
internal sealed class PushInput(PushOptions options, PushLane lane, EventLog events) : IInput
{
    /// <inheritdoc />
    public async Task RunAsync(IInputSink sink, CancellationToken stop, CancellationToken abort)
    {
        lane.Recent ??= await LoadAsync(stop);
        lane.Open(sink, options.AllowFrom);
        sink.Ready("/write, /api/v2/write, /api/v1/events, /loki/api/v1/push, /api/v1/forward");
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (stop.Register(stopped.SetResult))
            await stopped.Task;
        // The web server has answered what it had by then: it stops before us.
        lane.Close();
    }

    /// <summary>Where it cannot be read samples are taken all the same, and events as soon as they can be stored.</summary>
    private async Task<RecentPushes> LoadAsync(CancellationToken stop)
    {
        try
        {
            return new RecentPushes(options.Name, await events.PositionsAsync(options.Name, stop));
        }
        catch (StoreException)
        {
            return new RecentPushes(options.Name, []);
        }
    }
}
