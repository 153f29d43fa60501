using Metrics.Configuration;
using Metrics.Hosting;
using Metrics.Intake;
using Metrics.Model;
using Metrics.Storage.Events;
using Metrics.Telemetry;
using Metrics.Tests.Access;
using Metrics.Tests.Storage.Events.Geo;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Metrics.Tests.Intake;

public sealed class PlaceStageTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("geo").FullName;
    private readonly string _file;
    private readonly Current<EventLogOptions> _options;
    private readonly IntakeMetrics _metrics = new(new MetricRegistry());
    private readonly PlaceStage _stage;

    public PlaceStageTests()
    {
        _file = Path.Combine(_folder, "city.mmdb");
        Write(("81.0.0.0/8", "DE", (52.52, 13.405)), ("2a00::/16", "FR", null));
        _options = new Current<EventLogOptions>(Options(_file));
        _stage = new PlaceStage(_options, _metrics, _time, NullLogger<PlaceStage>.Instance);
    }

    public void Dispose()
    {
        _stage.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData("81.2.69.160", "DE 52.52,13.405")]
    [InlineData("::ffff:81.2.69.160", "DE 52.52,13.405")]
    [InlineData("2a00::7", "FR ")]
    [InlineData("8.8.8.8", " ", "the database does not have it")]
    [InlineData("10.0.0.7", " ")]
    [InlineData("fe80::1", " ")]
    [InlineData("somewhere", " ")]
    [InlineData("", " ")]
    public async Task An_event_says_in_which_country_its_origin_is(string from, string place, string why = "") =>
        (await PlaceAsync(from)).Should().Be(place, why);

    [Theory]
    [InlineData(5, "DE 52.52,13.405")]
    [InlineData(200, "DE 52.52,13.405")]
    [InlineData(1000, "DE ")]
    public async Task What_may_be_far_from_its_place_has_a_country_alone(int radius, string place)
    {
        File.WriteAllBytes(_file, MmdbWriter.Write("GeoLite2-City", radius, [("81.0.0.0/8", "DE", (52.52, 13.405))]));
        (await LaterAsync("81.2.69.160")).Should().Be(place);
    }

    [Theory]
    [InlineData("10.1.2.3", false)]
    [InlineData("172.15.0.1", true)]
    [InlineData("172.16.0.1", false)]
    [InlineData("192.168.1.1", false)]
    [InlineData("192.169.1.1", true)]
    [InlineData("169.254.1.1", false)]
    [InlineData("100.64.0.1", false)]
    [InlineData("127.0.0.1", false)]
    [InlineData("224.0.0.1", false)]
    [InlineData("2001:db8::1", true)]
    [InlineData("fd00::1", false)]
    [InlineData("::1", false)]
    public void Private_addresses_are_nowhere(string address, bool isPublic) =>
        PlaceStage.IsPublic(System.Net.IPAddress.Parse(address)).Should().Be(isPublic);

    [Fact]
    public async Task A_file_that_changes_is_read_anew_and_one_that_breaks_leaves_what_was_read()
    {
        (await PlaceAsync("81.2.69.160")).Should().Be("DE 52.52,13.405");
        Write(("81.0.0.0/8", "AT", null));
        (await PlaceAsync("81.2.69.160")).Should().Be("DE 52.52,13.405", "it is looked at each half minute");
        (await LaterAsync("81.2.69.160")).Should().Be("AT ");
        _metrics.GeoBuilt.Value.Should().Be(1_790_000_000);
        await File.WriteAllTextAsync(_file, "no database");
        (await LaterAsync("81.2.69.160")).Should().Be("AT ");
        File.Delete(_file);
        (await LaterAsync("81.2.69.160")).Should().Be("AT ");
        _metrics.GeoFailures.Value.Should().Be(2);
        Write(("81.0.0.0/8", "CH", null));
        (await LaterAsync("81.2.69.160")).Should().Be("CH ");
    }

    [Fact]
    public async Task A_reload_takes_another_file_at_once_or_none()
    {
        (await PlaceAsync("81.2.69.160")).Should().Be("DE 52.52,13.405");
        _options.Value = new EventLogOptions();
        (await PlaceAsync("81.2.69.160")).Should().Be(" ");
        _options.Value = Options(_file);
        (await PlaceAsync("81.2.69.160")).Should().Be("DE 52.52,13.405");
    }

    [Fact]
    public async Task A_daemon_says_it_of_the_client_behind_a_trusted_proxy()
    {
        await using RunningDaemon daemon =
            await RunningDaemon.StartAsync($"events: {{ trusted_proxies: [10.0.0.4], geo: {{ file: '{_file}' }} }}");
        const string Pushed = """
            {"kind":"identity.authenticate","event.outcome":"success","user.name":"ann","source.ip":"10.0.0.4","x_forwarded_for":"81.2.69.160"}
            """;
        (await daemon.AskAsync("POST", "/api/v1/events", body: new StringContent(Pushed))).Status.Should().Be(204);
        (await daemon.AskAsync("GET", "/api/v1/events")).Text.Should().Contain("\"source.ip\":\"81.2.69.160\"")
            .And.Contain("\"proxy.ip\":\"10.0.0.4\"").And.Contain("\"source.geo.country_iso_code\":\"DE\"")
            .And.Contain("\"source.geo.location\":\"52.52,13.405\"");
        (await daemon.AskAsync("GET", "/metrics")).Text.Should().Contain("metricsd_geo_database_built_timestamp_seconds 1790000000")
            .And.Contain("metricsd_intake_events_behind_proxy_total{origin=\"known\"} 1");
    }

    [Fact]
    public async Task What_a_node_has_said_stays()
    {
        using var batch = new EventBatch("test");
        batch.Add(1, 1, EventKinds.HttpRequest, 0, "");
        batch.AddField(EventFields.SourceIp, "81.2.69.160");
        batch.AddField(EventFields.SourceCountry, "IT");
        await _stage.TakeAsync(new EventWork(batch, null));
        (batch.Find(0, EventFields.SourceCountry), batch.Find(0, EventFields.SourceLocation)).Should().Be(("IT", null));
    }

    [Fact]
    public void A_file_that_is_missing_broken_or_of_another_kind_is_an_error_with_its_place()
    {
        string asn = Path.Combine(_folder, "asn.mmdb"), cut = Path.Combine(_folder, "cut.mmdb"), text = Path.Combine(_folder, "x.mmdb");
        File.WriteAllBytes(asn, MmdbWriter.Write("GeoLite2-ASN", ("81.0.0.0/8", "DE", null)));
        File.WriteAllBytes(cut, File.ReadAllBytes(_file)[..^40]);
        File.WriteAllText(text, "no database");
        foreach ((string file, string why) in (IEnumerable<(string, string)>)
            [
                (Path.Combine(_folder, "none.mmdb"), "which cannot be read: "), (_folder, "which cannot be read: "),
                (asn, "which is a database of another kind ('GeoLite2-ASN')"), (cut, "which is no such database: "),
                (text, "which is no such database: "), ("/dev/zero", "which is empty, or no file"),
            ])
        {
            Action parse = () => Options(file);
            parse.Should().Throw<Exception>().WithMessage($"metrics.yaml:1:*events.geo.file is '{file}', {why}*");
        }
        MetricsOptions.Parse("").Events.GeoFile.Should().BeEmpty();
    }

    [Fact]
    public async Task Files_that_are_broken_anywhere_end_nothing()
    {
        byte[] sound = await File.ReadAllBytesAsync(_file);
        var random = new Random(7);
        for (int n = 0; n < 300; n++)
        {
            byte[] broken = [.. sound];
            for (int at = 0; at < 4; at++)
                broken[random.Next(broken.Length)] = (byte)random.Next(256);
            await File.WriteAllBytesAsync(_file, random.Next(4) == 0 ? broken[..random.Next(broken.Length)] : broken);
            File.SetLastWriteTimeUtc(_file, DateTime.UnixEpoch.AddSeconds(n));
            await LaterAsync("81.2.69.160");
            await PlaceAsync("2a00::7");
        }
        await File.WriteAllBytesAsync(_file, sound);
        (await LaterAsync("81.2.69.160")).Should().Be("DE 52.52,13.405");
    }

    private static EventLogOptions Options(string file) => MetricsOptions.Parse($"events: {{ geo: {{ file: '{file}' }} }}").Events;

    private void Write(params IReadOnlyList<(string, string, (double, double)?)> networks)
    {
        File.WriteAllBytes(_file, MmdbWriter.Write("GeoLite2-City", networks));
    }

    private Task<string> LaterAsync(string from)
    {
        _time.Advance(TimeSpan.FromMinutes(1));
        return PlaceAsync(from);
    }

    private async Task<string> PlaceAsync(string from)
    {
        using var batch = new EventBatch("test");
        batch.Add(1, 1, EventKinds.IdentityAuthenticate, 0, "");
        batch.AddField(EventFields.SourceIp, from);
        await _stage.TakeAsync(new EventWork(batch, null));
        return $"{batch.Find(0, EventFields.SourceCountry)} {batch.Find(0, EventFields.SourceLocation)}";
    }
}
