using System.Globalization;
using System.Net.Http.Headers;
using Metrics.Configuration;
using Metrics.Model;

namespace Metrics.Pollers.Backends;

/// <summary>HAProxy by the CSV of its status page. Names are haproxy_exporter's.</summary>
/// <remarks>https://docs.haproxy.org/2.8/management.html#9.1 ; https://github.com/prometheus/haproxy_exporter</remarks>
internal sealed class HaproxyPoller(HttpMessageInvoker http, Uri url, string? username, Secret? password) : IPoller, IDisposable
{
    private static readonly (string Column, string Name, bool Counter, string Help)[] s_columns =
    [
        ("scur", "current_sessions", false, "Sessions."), ("smax", "max_sessions", false, "Most sessions so far."),
            ("slim", "limit_sessions", false, "Sessions that may be."), ("stot", "sessions_total", true, "Sessions so far."),
        ("qcur", "current_queue", false, "Requests that wait."), ("bin", "bytes_in_total", true, "Bytes taken in."),
            ("bout", "bytes_out_total", true, "Bytes given out."), ("ereq", "request_errors_total", true, "Requests with errors."),
        ("econ", "connection_errors_total", true, "Connections that failed."),
            ("eresp", "response_errors_total", true, "Answers with errors."),
            ("chkfail", "check_failures_total", true, "Checks that failed."),
        ("downtime", "downtime_seconds_total", true, "Time down."), ("rate", "current_session_rate", false, "Sessions a second."),
    ];

    private static readonly Dictionary<string, (string Prefix, string[] Labels)> s_kinds = new()
    {
        ["0"] = ("haproxy_frontend", ["frontend"]), ["1"] = ("haproxy_backend", ["backend"]),
            ["2"] = ("haproxy_server", ["backend", "server"]),
    };

    private static readonly Dictionary<(string, string), Metric> s_metrics =
        s_kinds.SelectMany(k => s_columns.Select(c => (Key: (k.Key, c.Column), Metric: c.Counter

                ? Metric.Counter($"{k.Value.Prefix}_{c.Name}", c.Help, k.Value.Labels)
                : Metric.Gauge($"{k.Value.Prefix}_{c.Name}", c.Help, k.Value.Labels)))
        .Append((Key: (k.Key, "status"), Metric: Metric.Gauge($"{k.Value.Prefix}_up", "Whether it is up.", k.Value.Labels))))
            .ToDictionary(m => m.Key, m => m.Metric);

    public async ValueTask PollAsync(SampleSink sink, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        if (BasicAuthorization.Of(username, password) is { } authorization)
            request.Headers.Authorization = AuthenticationHeaderValue.Parse(authorization);
        using HttpResponseMessage response = await http.SendAsync(request, ct);
        if (!response.IsSuccessStatusCode)
            throw new HttpRequestException($"HTTP status {(int)response.StatusCode} {response.ReasonPhrase}");
        Read(await response.Content.ReadAsStringAsync(ct), sink);
    }

    public override string ToString() => ShownUrl.Of(url);

    public void Dispose() => http.Dispose();

    /// <summary>Reads the CSV; columns may be more or fewer than we know.</summary>
    /// <exception cref="FormatException">It is not HAProxy's.</exception>
    internal static void Read(string csv, SampleSink sink)
    {
        string[] lines = csv.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (lines.Length == 0 || !lines[0].StartsWith("# pxname,svname,", StringComparison.Ordinal))
            throw new FormatException("the page is not HAProxy's CSV; the address of a status page ends with ;csv");
        string[] names = lines[0][2..].Split(',');
        foreach (string line in lines.Skip(1))
        {
            string[] cells = line.Split(',');
            string Cell(string name) => Array.IndexOf(names, name) is >= 0 and var i && i < cells.Length ? cells[i] : "";
            string type = Cell("type");
            if (!s_kinds.ContainsKey(type))
                continue;
            string[] labels = type == "2" ? [Cell("pxname"), Cell("svname")] : [Cell("pxname")];
            string status = Cell("status");
            sink.Add(
                s_metrics[(type, "status")], status.StartsWith("UP", StringComparison.Ordinal) || status is "OPEN" or "no check" ? 1 : 0,
                labels);
            foreach ((string column, _, _, _) in s_columns)
            {
                if (double.TryParse(Cell(column), NumberStyles.Float, CultureInfo.InvariantCulture, out double value))
                    sink.Add(s_metrics[(type, column)], value, labels);
            }
        }
    }
}
