using System.IO.Pipelines;
using System.Net;
using Metrics.Inputs;
using Metrics.Inputs.Push;
using Metrics.Telemetry;
using Microsoft.Extensions.Time.Testing;

namespace Metrics.Tests.Inputs;

/// <summary>What is pushed takes memory only for as long as it may.</summary>
public sealed class PushBodyTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly MemoryShare _share = new("pushes", 64 << 20);

    [Fact]
    public async Task A_sender_that_does_not_go_on_gives_back_what_it_holds()
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        await pipe.Writer.WriteAsync(new byte[100_000]);
        using (var body = new PushBody(_share, _time))
        {
            Task<PushRefusal?> reading = body.ReadAsync(RequestOf(pipe), 1 << 20, new InputCounters(), CancellationToken.None);
            _time.Advance(PushBody.Patience - TimeSpan.FromSeconds(1));
            reading.IsCompleted.Should().BeFalse();
            _share.InUse.Should().BeGreaterThan(100_000);
            _time.Advance(TimeSpan.FromSeconds(1));
            (await reading)!.Value.Status.Should().Be((int)HttpStatusCode.RequestTimeout);
        }
        _share.InUse.Should().Be(0);
    }

    private static PushRequest RequestOf(Pipe pipe) => new(IPAddress.Loopback, pipe.Reader.AsStream(), "", "test", null);
}
