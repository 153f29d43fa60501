using System.Net;
using System.Net.Sockets;
using Metrics.Configuration;
using Metrics.Model;
using Metrics.Storage.Events;
using Metrics.Storage.Events.Geo;
using Metrics.Text;

namespace Metrics.Intake;

/// <summary>Says of events in which country their origin is (<c>events.geo</c>). The file is read anew when it has changed.</summary>
internal sealed partial class PlaceStage(
    Current<EventLogOptions> options, IntakeMetrics metrics, TimeProvider time, ILogger<PlaceStage> log) : IIntakeStage, IDisposable
{
    /// <summary>Addresses whose place is remembered; outsiders choose them.</summary>
    private const int MaxRemembered = 4096;

    private static readonly TimeSpan s_checkEach = TimeSpan.FromSeconds(30);

    private readonly Dictionary<string, GeoPlace?> _remembered = [];
    private string _path = "";
    private string _state = "";
    private long? _checked;
    private GeoFile? _file;

    public ValueTask TakeAsync(EventWork work)
    {
        Follow(options.Value.GeoFile);
        if (_file is null)
            return ValueTask.CompletedTask;
        EventBatch batch = work.Batch;
        var places = new List<RowField>();
        for (int row = 0; row < batch.Count; row++)
        {
            // Who has forwarded it may have said it.
            if (batch.Find(row, EventFields.SourceIp) is not { } source || batch.TryFind(row, EventFields.SourceCountry, out _)
                || PlaceOf(source) is not { } place)
            {
                continue;
            }
            places.Add(new RowField(row, EventFields.SourceCountry, place.Country));
            if (place.Location is { } location)
                places.Add(new RowField(row, EventFields.SourceLocation, location));
        }
        batch.AddFields(places);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc />
    public void Dispose() => _file?.Dispose();

    /// <summary>Whether an address may be somewhere: those of private networks are nowhere.</summary>
    internal static bool IsPublic(IPAddress address)
    {
        byte[] bytes = address.GetAddressBytes();
        if (address.AddressFamily == AddressFamily.InterNetworkV6)
            return (bytes[0] & 0xE0) == 0x20;
        return bytes switch
        {
            [0 or 10 or 127 or >= 224, ..] or [172, >= 16 and < 32, ..] or [192, 168, ..] or [169, 254, ..] or [100, >= 64 and < 128, ..] =>
                false,
            _ => true,
        };
    }

    private GeoPlace? PlaceOf(string source)
    {
        if (_remembered.TryGetValue(source, out GeoPlace? place))
            return place;
        if (_remembered.Count >= MaxRemembered)
            _remembered.Clear();
        place = IPAddress.TryParse(source, out IPAddress? address) ? Find(NetworkList.Plain(address)) : null;
        _remembered.Add(source, place);
        return place;
    }

    private GeoPlace? Find(IPAddress address)
    {
        if (!IsPublic(address))
            return null;
        try
        {
            return _file!.Find(address);
        }
        catch (GeoException)
        {
            metrics.GeoFailures.Inc();
            return null;
        }
    }

    /// <summary>Reads the file where it is another than before; one that cannot be read leaves what was read of it.</summary>
    private void Follow(string path)
    {
        bool isSame = path == _path;
        if (isSame && (path.Length == 0 || (_checked is { } last && time.GetElapsedTime(last) < s_checkEach)))
            return;
        _checked = time.GetTimestamp();
        string state = FileState.Of(path);
        if (isSame && state == _state)
            return;
        (_path, _state) = (path, state);
        if (!isSame)
            Put(null);
        if (path.Length == 0)
            return;
        try
        {
            Put(GeoFile.Open(path));
        }
        catch (GeoException e)
        {
            metrics.GeoFailures.Inc();
            LogUnreadable(path, e.Message, _file is null ? "no event has a country" : "what was read before stays");
        }
    }

    private void Put(GeoFile? file)
    {
        _file?.Dispose();
        _file = file;
        _remembered.Clear();
        metrics.GeoBuilt.Set(file?.Built.ToUnixTimeSeconds() ?? 0);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "events.geo.file {Path} {Reason}; {Meanwhile}")]
    private partial void LogUnreadable(string path, string reason, string meanwhile);
}
