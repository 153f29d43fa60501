using System.IO.Compression;
using System.Text;
using Metrics.Inputs;
using Metrics.Inputs.Push;
using Metrics.Storage;
using Metrics.Tests.Access;
using Metrics.Tests.Inputs;
using Microsoft.Extensions.DependencyInjection;

namespace Metrics.Tests.Api.Push;

/// <summary>Pushes over HTTP that cannot be taken, and those that are packed.</summary>
public sealed class PushTests
{
    private const string Line = "cpu,host=a load=1\n";
    private const string Event = "{\"kind\":\"log\",\"body\":\"text\"}\n";

    /// <summary>Path, a body that is right, and the answer where the daemon is asked what it holds.</summary>
    public static TheoryData<string, string> Endpoints => new()
    {
        { "/write", Line }, { "/api/v2/write", Line }, { "/api/v1/events", Event },
    };

    [Theory]
    [MemberData(nameof(Endpoints))]
    public async Task A_packed_body_is_taken_and_one_that_is_not_what_it_says_is_refused(string path, string body)
    {
        await using RunningDaemon daemon = await StartAsync();
        (await PushAsync(daemon, path, Packed(body))).Should().Be((204, ""));
        (await HeldAsync(daemon)).Should().Contain(path == "/api/v1/events" ? "\"body\":\"text\"" : "cpu_load{host=\"a\"");
        (int status, string text) = await PushAsync(daemon, path, Encoding.UTF8.GetBytes(body));
        status.Should().Be(400);
        text.Should().Contain("the body is no gzip");
        (status, text) = await PushAsync(daemon, path, Packed(body)[..^12]);
        status.Should().Be(400, text);
    }

    [Theory]
    [MemberData(nameof(Endpoints))]
    public async Task Of_a_packed_body_that_was_cut_off_anywhere_nothing_is_taken(string path, string body)
    {
        await using RunningDaemon daemon = await StartAsync();
        byte[] whole = Packed(string.Concat(Enumerable.Repeat(body, 50)));
        for (int length = 1; length < whole.Length; length++)
            (await PushAsync(daemon, path, whole[..length])).Status.Should().Be(400, $"{length} of {whole.Length} bytes came");
        (await HeldAsync(daemon)).Should().NotContain("cpu_load").And.NotContain("\"body\"");
    }

    [Theory]
    [InlineData("GZIP", 204)]
    [InlineData("identity", 400)]
    [InlineData("br", 415)]
    [InlineData("gzip, gzip", 415)]
    public async Task What_is_packed_in_a_way_that_is_not_known_is_said_so(string encoding, int status)
    {
        await using RunningDaemon daemon = await StartAsync();
        using var content = new ByteArrayContent(Packed(Line));
        content.Headers.TryAddWithoutValidation("Content-Encoding", encoding);
        (await daemon.AskAsync("POST", "/write", null, null, content)).Status.Should().Be(status);
    }

    [Theory]
    [MemberData(nameof(Endpoints))]
    public async Task A_small_body_that_unpacks_to_a_large_one_is_refused_whole(string path, string body)
    {
        await using RunningDaemon daemon = await StartAsync();
        int bytes = (path == "/api/v1/events" ? 32 : 64) << 20;
        byte[] bomb = Packed(body + new string('\n', bytes));
        bomb.Length.Should().BeLessThan(200_000);
        (int status, string text) = await PushAsync(daemon, path, bomb);
        status.Should().Be(413);
        text.Should().Contain($"the body is larger than {bytes >> 20} MiB; send smaller batches");
        (await HeldAsync(daemon)).Should().NotContain("cpu_load").And.NotContain("\"body\"");
        (await PushAsync(daemon, path, Packed(body + new string('\n', bytes - body.Length)))).Status.Should().Be(204, "that is the bound");
    }

    [Theory]
    [InlineData("/write", 429)]
    [InlineData("/write", 503)]
    [InlineData("/api/v2/write", 429)]
    [InlineData("/api/v1/events", 429)]
    [InlineData("/api/v1/events", 503)]
    public async Task Who_cannot_be_served_now_is_asked_to_come_again(string path, int status)
    {
        await using RunningDaemon daemon = await StartAsync("inputs: { push: { events: { log: log } } }");
        var sink = new CollectingSink
        {
            Committing = () => throw (status == 429 ? new StoreFullException("its queue is full") : new StoreException("it fails")),
        };
        daemon.Services.GetRequiredService<PushLane>().Open(sink, AllowList.Everybody);
        using var content = new StringContent(path == "/api/v1/events" ? Event : "log message=\"text\"\n");
        using HttpResponseMessage response = await daemon.SendAsync("POST", path, body: content);
        ((int)response.StatusCode).Should().Be(status);
        response.Headers.RetryAfter!.ToString().Should().Be("1");
        (await response.Content.ReadAsStringAsync()).Should().Contain(status == 429 ? "its queue is full" : "it fails");
    }

    [Theory]
    [MemberData(nameof(Endpoints))]
    public async Task While_the_input_is_not_open_pushes_are_asked_to_come_again(string path, string body)
    {
        await using RunningDaemon daemon = await StartAsync();
        daemon.Services.GetRequiredService<PushLane>().Close();
        using var content = new StringContent(body);
        using HttpResponseMessage response = await daemon.SendAsync("POST", path, body: content);
        ((int)response.StatusCode).Should().Be(503);
        response.Headers.RetryAfter!.ToString().Should().Be("1");
        (await response.Content.ReadAsStringAsync()).Should().Contain("the daemon starts or stops; try again");
    }

    private static Task<RunningDaemon> StartAsync(string more = "") => RunningDaemon.StartAsync(more);

    /// <summary>Everything that was taken.</summary>
    private static async Task<string> HeldAsync(RunningDaemon daemon) =>
        (await daemon.AskAsync("GET", "/federate?match[]=cpu_load")).Text + (await daemon.AskAsync("GET", "/api/v1/events")).Text;

    private static Task<(int Status, string Text)> PushAsync(RunningDaemon daemon, string path, byte[] packed)
    {
        var content = new ByteArrayContent(packed);
        content.Headers.ContentEncoding.Add("gzip");
        return daemon.AskAsync("POST", path, body: content);
    }

    private static byte[] Packed(string text)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal))
            gzip.Write(Encoding.UTF8.GetBytes(text));
        return packed.ToArray();
    }
}
