using System.Net;
using System.Net.Sockets;
using System.Text;
using Metrics.Configuration;
using Metrics.Hosting;
using Metrics.Inputs;
using Metrics.Inputs.Syslog;
using Metrics.Model;
using Microsoft.Extensions.Time.Testing;

namespace Metrics.Tests.Inputs;

/// <summary>Syslog over real sockets of this machine.</summary>
public sealed class SyslogInputTests
{
    [Fact]
    public async Task Both_framings_come_in_over_one_connection()
    {
        await using Running input = await Running.StartAsync("tcp");
        using Socket socket = await input.ConnectAsync();
        await SendAsync(socket, "<13>Nov 26 10:00:00 h t: one\n10 <13>t: two<13>1 - h2 app 5 - - three\n");
        Event first = await input.Sink.NextAsync();
        first.Body.Should().Be("one");
        first["host.name"].Should().Be("h");
        first["observer.ip"].Should().Be("127.0.0.1");
        (await input.Sink.NextBodiesAsync(2))[1].Should().Be("three");
    }

    [Fact]
    public async Task What_one_read_brings_is_one_batch()
    {
        await using Running input = await Running.StartAsync("tcp");
        using Socket socket = await input.ConnectAsync();
        await SendAsync(socket, string.Concat(Enumerable.Range(0, 20_000).Select(i => $"<13>Nov 26 10:00:00 h t: message {i}\n")));
        (await input.Sink.NextBodiesAsync(20_000))[^1].Should().Be("message 19999");
        input.Sink.Batches.Should().BeLessThan(1000);
    }

    [Fact]
    public async Task Messages_that_are_too_long_are_cut_counted_and_hurt_no_other()
    {
        await using Running input = await Running.StartAsync("tcp", "max_message_size: 1000");
        using Socket socket = await input.ConnectAsync();
        await SendAsync(socket, $"<13>{new string('x', 500_000)}\n<13>after\n400000 <13>{new string('y', 399_996)}<13>last\n");
        List<string> bodies = await input.Sink.NextBodiesAsync(4);
        bodies[0].Length.Should().Be(996);
        bodies[1].Should().Be("after");
        bodies[2].Length.Should().Be(996);
        bodies[3].Should().Be("last");
        input.Sink.Counters.Of(InputError.TooLong).Should().Be(2);
    }

    [Fact]
    public async Task Hostile_peers_hurt_nobody_else()
    {
        await using Running input = await Running.StartAsync("tcp", "framing: octet");
        using Socket endless = await input.ConnectAsync(), silent = await input.ConnectAsync(), good = await input.ConnectAsync();
        await SendAsync(endless, new string('9', 100));
        (await endless.ReceiveAsync(new byte[1])).Should().Be(0, "a count without end closes its connection");
        await SendAsync(silent, "50 <13>ha");
        await SendAsync(good, "8 <13>fine");
        (await input.Sink.NextAsync()).Body.Should().Be("fine");
        input.Sink.Counters.Of(InputError.Framing).Should().Be(1);
    }

    [Fact]
    public async Task Those_who_are_not_on_the_list_are_refused_and_counted()
    {
        await using Running tcp = await Running.StartAsync("tcp", "allow_from: [192.0.2.0/24]");
        using Socket refused = await tcp.ConnectAsync();
        (await refused.ReceiveAsync(new byte[1])).Should().Be(0);
        tcp.Sink.Counters.Of(InputDrop.RefusedSender).Should().Be(1);

        await using Running udp = await Running.StartAsync("udp", "allow_from: [192.0.2.0/24]");
        using Socket sender = udp.Datagrams();
        await SendAsync(sender, "<13>x");
        await Eventually.Async(() => udp.Sink.Counters.Of(InputDrop.RefusedSender) == 1, "the datagram is refused");
    }

    [Fact]
    public async Task Connections_beyond_the_limit_are_closed_and_counted()
    {
        await using Running input = await Running.StartAsync("tcp", "max_connections: 4");
        using Socket one = await input.ConnectAsync(), two = await input.ConnectAsync(), three = await input.ConnectAsync();
        (await three.ReceiveAsync(new byte[1])).Should().Be(0, "one sender gets half of all connections");
        await SendAsync(two, "<13>fine\n");
        (await input.Sink.NextAsync()).Body.Should().Be("fine");
        input.Sink.Counters.Of(InputDrop.ConnectionLimit).Should().Be(1);
    }

    [Fact]
    public async Task Datagrams_come_in_with_their_sender()
    {
        await using Running input = await Running.StartAsync("udp");
        (await input.Sink.ReadyAsync).Should().Contain("receive buffer");
        using Socket socket = input.Datagrams();
        for (int i = 0; i < 50; i++)
            await SendAsync(socket, $"<13>1 - - app - - - datagram {i}");
        Event first = await input.Sink.NextAsync();
        first["host.name"].Should().Be("127.0.0.1", "no host is named");
        (await input.Sink.NextBodiesAsync(49))[^1].Should().Be("datagram 49");
    }

    [Fact]
    public async Task What_the_kernel_drops_while_the_intake_is_full_is_counted()
    {
        const int Sent = 2000;
        Running input = await Running.StartAsync("udp", "receive_buffer: 4096");
        var intake = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        input.Sink.Writing = () => intake.Task;
        using Socket socket = input.Datagrams();
        for (int i = 0; i < Sent; i++)
            await SendAsync(socket, $"<13>datagram {i} {new string('x', 200)}");
        intake.SetResult();
        await Eventually.Async(() => input.Sink.Counters.KernelDrops > 0, "the kernel's drops are counted");
        await SendAsync(socket, "<13>last");
        int taken = 0;
        for (string body = ""; body != "last"; taken++)
            body = (await input.Sink.NextAsync()).Body;
        (taken + input.Sink.Counters.KernelDrops).Should().Be(Sent + 1, "accepted and dropped are all that was sent");
        await input.DisposeAsync();
        input.Sink.Gaps.Should().AllSatisfy(g => g.Reason.Should().Be("kernel_drops"));
        input.Sink.Gaps.Sum(g => g.Records).Should().Be(input.Sink.Counters.KernelDrops, "they are missing in the ledger");
    }

    [Fact]
    public async Task While_the_intake_is_full_nothing_is_read_and_the_sender_waits()
    {
        await using Running input = await Running.StartAsync("tcp");
        var intake = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        input.Sink.Writing = () => intake.Task;
        using Socket socket = await input.ConnectAsync();
        byte[] messages = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("<13>message\n", 10_000)));
        Task sending = Task.Run(async () =>
        {
            for (int i = 0; i < 200; i++)
                await socket.SendAsync(messages);
        });
        await Task.WhenAny(sending, Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System));
        sending.IsCompleted.Should().BeFalse("24 MB fit in no buffer");
        intake.SetResult();
        await sending.WaitAsync(TimeSpan.FromSeconds(60), TimeProvider.System);
        (await input.Sink.NextBodiesAsync(2_000_000)).Should().HaveCount(2_000_000);
    }

    [Theory]
    [InlineData("", 3600)]
    [InlineData("<13>half a message", 60)]
    public async Task Connections_that_keep_us_waiting_are_closed_and_counted(string sent, int seconds)
    {
        var time = new FakeTimeProvider();
        await using Running input = await Running.StartAsync("tcp", time: time);
        using Socket socket = await input.ConnectAsync();
        await SendAsync(socket, sent);
        await Eventually.Async(() => input.Sink.Counters.Bytes == sent.Length, "what was sent has come");
        // The message's first byte is noted a moment after it is counted.
        await Eventually.Async(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(seconds + 2));
                return input.Sink.Counters.Of(InputError.Timeout) > 0;
            },
            "the connection times out");
        (await ReceiveAsync(socket, "an answer")).Should().BeEmpty("the connection is closed");
    }

    [Fact]
    public async Task What_has_arrived_is_handed_over_at_the_stop()
    {
        Running input = await Running.StartAsync("tcp");
        using Socket socket = await input.ConnectAsync();
        await SendAsync(socket, "<13>first\n");
        await input.Sink.NextAsync();
        await SendAsync(socket, "<13>second\n<13>third without end");
        await input.DisposeAsync();
        (await input.Sink.NextBodiesAsync(2)).Should().Equal("second", "third without end");
    }

    [Fact]
    public async Task RELP_acknowledges_a_message_only_when_it_is_committed()
    {
        await using Running input = await Running.StartAsync("relp");
        var disk = new TaskCompletionSource();
        input.Sink.Committing = () => disk.Task;
        using Socket socket = await input.ConnectAsync();
        const string Offers = "relp_version=0\nrelp_software=test\ncommands=syslog";
        await SendAsync(socket, $"1 open {Offers.Length} {Offers}\n");
        (await ReceiveAsync(socket, "commands=syslog\n")).Should().StartWith("1 rsp ").And.Contain("200 OK\nrelp_version=0\n");
        await SendAsync(socket, "2 syslog 8 <13>text\n3 syslog 8 <13>more\n");
        var answer = ReceiveAsync(socket, "3 rsp 6 200 OK\n");
        await Task.WhenAny(answer, Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System));
        answer.IsCompleted.Should().BeFalse("nothing is on disk yet");
        disk.SetResult();
        (await answer).Should().Be("2 rsp 6 200 OK\n3 rsp 6 200 OK\n");
        await SendAsync(socket, "4 close 0\n");
        (await ReceiveAsync(socket, "serverclose 0\n")).Should().Be("4 rsp 0\n0 serverclose 0\n");
        (await input.Sink.NextBodiesAsync(2)).Should().Equal("text", "more");
    }

    [Fact]
    public async Task RELP_reads_nothing_while_the_intake_is_full()
    {
        await using Running input = await Running.StartAsync("relp");
        const string Open = "1 open 15 commands=syslog\n2 syslog 8 <13>text\n", More = "3 syslog 8 <13>more\n";
        int waiting = 0;
        var intake = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        input.Sink.Writing = () =>
        {
            Interlocked.Increment(ref waiting);
            return intake.Task;
        };
        using Socket socket = await input.ConnectAsync(), later = await input.ConnectAsync();
        await SendAsync(socket, Open);
        await Eventually.Async(() => waiting == 1, "the first waits at the queue");
        await SendAsync(socket, More);
        await SendAsync(later, Open);
        await Eventually.Async(() => waiting == 2, "the other waits too");
        input.Sink.Counters.Bytes.Should().Be(2 * Open.Length, "what another sent later was read, but nothing more of who waits");
        intake.SetResult();
        (await ReceiveAsync(socket, "3 rsp 6 200 OK\n")).Should().EndWith("2 rsp 6 200 OK\n3 rsp 6 200 OK\n");
    }

    [Fact]
    public async Task A_fault_of_ours_ends_its_connection_and_is_shown()
    {
        await using Running input = await Running.StartAsync("tcp");
        input.Sink.Writing = () => throw new InvalidOperationException("a fault of ours");
        using Socket socket = await input.ConnectAsync();
        await SendAsync(socket, "<13>text\n");
        (await ReceiveAsync(socket, "an answer")).Should().BeEmpty("the connection is closed");
        input.Sink.Counters.Of(InputError.Internal).Should().Be(1);
        input.Sink.Counters.LastProblem.Should().Be("127.0.0.1: a fault of ours");
        input.Sink.Writing = () => Task.CompletedTask;
        using Socket other = await input.ConnectAsync();
        await SendAsync(other, "<13>another\n");
        (await input.Sink.NextAsync()).Body.Should().Be("another");
    }

    [Fact]
    public async Task RELP_does_not_acknowledge_what_could_not_be_committed()
    {
        await using Running input = await Running.StartAsync("relp");
        input.Sink.Committing = () => throw new Metrics.Storage.StoreException("the disk is full");
        using Socket socket = await input.ConnectAsync();
        await SendAsync(socket, "1 open 15 commands=syslog\n2 syslog 8 <13>text\n");
        string answers = await ReceiveAsync(socket, "no such end");
        answers.Should().NotContain("2 rsp");
    }

    [Fact]
    public async Task RELP_refuses_a_session_that_does_not_open_with_the_command_syslog()
    {
        await using Running input = await Running.StartAsync("relp");
        using Socket socket = await input.ConnectAsync();
        await SendAsync(socket, "1 syslog 1 a\n2 open 14 commands=other\n3 open 15 commands=syslog\n4 what 0\n");
        string answers = await ReceiveAsync(socket, "known here\n");
        answers.Should().Contain("1 rsp 24 500 open must come first\n").And.Contain("2 rsp 34 500 the command syslog is required\n")
            .And.Contain("3 rsp");
    }

    private static Task SendAsync(Socket socket, string text) =>
        socket.SendAsync(Encoding.UTF8.GetBytes(text)).WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);

    private static async Task<string> ReceiveAsync(Socket socket, string end)
    {
        var text = new StringBuilder();
        byte[] buffer = new byte[4096];
        while (!text.ToString().EndsWith(end, StringComparison.Ordinal))
        {
            try
            {
                int read = await socket.ReceiveAsync(buffer).WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);
                if (read == 0)
                    break;
                text.Append(Encoding.UTF8.GetString(buffer, 0, read));
            }
            catch (SocketException)
            {
                break;
            }
        }
        return text.ToString();
    }

    /// <summary>An input that runs on a port of the system's choice.</summary>
    private sealed class Running : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly CancellationTokenSource _abort = new();
        private Task _run = Task.CompletedTask;
        private IPEndPoint _at = new(IPAddress.Loopback, 0);

        public CollectingSink Sink { get; } = new();

        public static async Task<Running> StartAsync(string scheme, string more = "", TimeProvider? time = null)
        {
            var running = new Running();
            string yaml = $"inputs:\n  syslog:\n    - listen: '{scheme}://127.0.0.1:0'\n      {more}\n";
            IInput input =
                MetricsOptions.Parse(yaml).Inputs.Inputs.OfType<SyslogOptions>().Single()
                    .Create(new InputTools(null!, null!, time ?? TimeProvider.System));
            running._run = input.RunAsync(running.Sink, running._stop.Token, running._abort.Token);
            string detail = await running.Sink.ReadyAsync;
            running._at = IPEndPoint.Parse(detail.Split(',')[0]);
            return running;
        }

        public async Task<Socket> ConnectAsync()
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            int before = Known;
            await socket.ConnectAsync(_at);
            // The other side knows of it only a moment later, and the order of connections is what some tests are about.
            await Eventually.Async(() => Known > before, "the connection is known");
            return socket;
        }

        private int Known =>
            Sink.Counters.Connections + (int)(Sink.Counters.Of(InputDrop.ConnectionLimit) + Sink.Counters.Of(InputDrop.RefusedSender));

        public Socket Datagrams()
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            socket.Connect(_at);
            return socket;
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            _abort.CancelAfter(TimeSpan.FromSeconds(5));
            await _run.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _stop.Dispose();
            _abort.Dispose();
        }
    }
}
