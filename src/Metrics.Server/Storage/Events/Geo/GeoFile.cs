using System.Globalization;
using System.Net;
using MaxMind.Db;

namespace Metrics.Storage.Events.Geo;

/// <summary>
/// A database of countries or cities in MaxMind's format (<c>.mmdb</c>), in memory: a file that is written over while it is mapped would
/// end the daemon.
/// </summary>
/// <remarks>https://maxmind.github.io/MaxMind-DB/, https://dev.maxmind.com/geoip/docs/databases/city-and-country</remarks>
internal sealed class GeoFile : IDisposable
{
    /// <summary>The largest that is read.</summary>
    public const long MaxBytes = 128L << 20;

    /// <summary>What may be further from its place, kilometres, has none: it is the middle of a country.</summary>
    private const int MaxRadius = 200;

    private readonly Reader _reader;

    private GeoFile(Reader reader) => (_reader, Built) = (reader, new DateTimeOffset(reader.Metadata.BuildDate, TimeSpan.Zero));

    /// <summary>When it was made.</summary>
    public DateTimeOffset Built { get; }

    /// <summary>Reads a file.</summary>
    /// <exception cref="GeoException">It cannot be read, or is none of countries or cities.</exception>
    public static GeoFile Open(string path)
    {
        Reader? reader = null;
        try
        {
            var info = new FileInfo(path);
            if (info.Exists && info.Length > MaxBytes)
                throw new GeoException($"is larger than {MaxBytes >> 20} MiB");
            // Devices and pipes have no length, and no end.
            if (info.Exists && info.Length == 0)
                throw new GeoException("is empty, or no file");
            using (FileStream stream = File.OpenRead(path))
                reader = new Reader(stream);
            string type = reader.Metadata.DatabaseType;
            if (!type.Contains("Country", StringComparison.Ordinal) && !type.Contains("City", StringComparison.Ordinal)
                && !type.Contains("Enterprise", StringComparison.Ordinal))
            {
                throw new GeoException($"is a database of another kind ('{type}'); it must be one of countries or cities");
            }
            // A file that was cut still has its end where it is cut in the middle.
            reader.Find<GeoRecord>(IPAddress.Parse("1.1.1.1"));
            return new GeoFile(reader);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            reader?.Dispose();
            throw e as GeoException ?? new GeoException(
                e is IOException or UnauthorizedAccessException ? $"cannot be read: {e.Message}" : $"is no such database: {e.Message}");
        }
    }

    /// <summary>Where an address is; null where the database does not say.</summary>
    /// <exception cref="GeoException">The file is broken there.</exception>
    public GeoPlace? Find(IPAddress address)
    {
        GeoRecord? found;
        try
        {
            found = _reader.Find<GeoRecord>(address);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            throw new GeoException($"is broken: {e.Message}");
        }
        if (found?.Country?.IsoCode is not { Length: 2 } country)
            return null;
        bool hasPlace = found.Location is { Latitude: >= -90 and <= 90, Longitude: >= -180 and <= 180, Radius: null or <= MaxRadius };
        string? location = hasPlace
            ? string.Create(CultureInfo.InvariantCulture, $"{found.Location!.Latitude:0.####},{found.Location.Longitude:0.####}")
            : null;
        return new GeoPlace(country, location);
    }

    /// <inheritdoc />
    public void Dispose() => _reader.Dispose();
}

/// <summary>Where an address is.</summary>
/// <param name="Country">Two letters, ISO 3166-1.</param>
/// <param name="Location">Degrees north and east, <c>52.52,13.405</c>; null where only the country is known.</param>
internal sealed record GeoPlace(string Country, string? Location);

/// <summary>What is wrong with a database of places, as the end of a sentence.</summary>
internal sealed class GeoException(string message) : Exception(message);
