using MaxMind.Db;

namespace Metrics.Storage.Events.Geo;

/// <summary>What is read of a record of MaxMind's databases of countries and cities.</summary>
internal sealed class GeoRecord
{
    /// <summary>In which country the address is used.</summary>
    [MapKey("country")]
    public GeoCountry? Country { get; init; }

    /// <summary>Where in it; of databases of cities.</summary>
    [MapKey("location")]
    public GeoLocation? Location { get; init; }
}

/// <summary>A country.</summary>
internal sealed class GeoCountry
{
    /// <summary>Two letters, ISO 3166-1.</summary>
    [MapKey("iso_code")]
    public string? IsoCode { get; init; }
}

/// <summary>A place.</summary>
internal sealed class GeoLocation
{
    /// <summary>Degrees north.</summary>
    [MapKey("latitude")]
    public double? Latitude { get; init; }

    /// <summary>Degrees east.</summary>
    [MapKey("longitude")]
    public double? Longitude { get; init; }

    /// <summary>How far from there it may be, kilometres; the middle of a country where no more is known.</summary>
    [MapKey("accuracy_radius")]
    public int? Radius { get; init; }
}
