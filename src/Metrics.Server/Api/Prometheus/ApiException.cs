using Metrics.Query;

namespace Metrics.Api.Prometheus;

/// <summary>A request that gets an error; type and status are those of Prometheus's API.</summary>
/// <remarks>https://prometheus.io/docs/prometheus/latest/querying/api/#format-overview</remarks>
internal sealed class ApiException(string type, int status, string message) : Exception(message)
{
    public string Type => type;

    public int Status => status;

    public static ApiException BadParameter(string name, string message) =>
        new("bad_data", StatusCodes.Status400BadRequest, $"invalid parameter \"{name}\": {message}");

    public static ApiException BadData(string message) => new("bad_data", StatusCodes.Status400BadRequest, message);

    public static ApiException Of(QueryException e) => e.Failure switch
    {
        QueryFailure.Timeout => new ApiException("timeout", StatusCodes.Status503ServiceUnavailable, e.Message),
        QueryFailure.Busy => new ApiException("unavailable", StatusCodes.Status503ServiceUnavailable, e.Message),
        QueryFailure.Canceled => new ApiException("canceled", 499, e.Message),
        _ => new ApiException("execution", StatusCodes.Status422UnprocessableEntity, e.Message),
    };
}
