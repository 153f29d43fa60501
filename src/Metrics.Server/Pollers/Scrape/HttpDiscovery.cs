using System.Globalization;
using System.Net;
using Metrics.Configuration;
using Metrics.Model;
using Metrics.Text;

namespace Metrics.Pollers.Scrape;

/// <summary>Targets that an HTTP endpoint lists as JSON (<c>http_sd_configs</c>), each with the label <c>__meta_url</c>.</summary>
/// <remarks>https://prometheus.io/docs/prometheus/latest/http_sd/</remarks>
internal sealed record HttpDiscovery : Discovery
{
    /// <summary>Larger answers are an error.</summary>
    private const int MaxBytes = 64 << 20;

    public required Uri Url { get; init; }

    public required HttpAccess Access { get; init; }

    public override string Mechanism => "http";

    public override IReadOnlyList<string> Sources => [ShownUrl.Of(Url)];

    public static HttpDiscovery Read(YamlSection section)
    {
        var discovery = new HttpDiscovery
        {
            Id = SectionId.Of("http_sd_configs", section),
            Url = section.RequiredUrl("url"),
            RefreshInterval = ReadInterval(section, TimeSpan.FromMinutes(1)),
            Access = HttpAccess.ReadKeys(section, followsRedirects: true),
        };
        section.Finish();
        return discovery;
    }

    public override IFinder Open(FinderTools tools) => new Finder(this, tools.Time);

    private sealed class Finder(HttpDiscovery asked, TimeProvider time) : IFinder
    {
        private readonly HttpMessageInvoker _http =
            asked.Access.ToSettings(new HttpSettings { Decompression = DecompressionMethods.GZip, DrainsAnswers = false }).CreateInvoker();

        public async Task<IReadOnlyList<TargetGroup>> FindAsync(string source, ICollection<string> leftOut, CancellationToken ct)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, asked.Url);
            request.Headers.TryAddWithoutValidation("Accept", "application/json");
            request.Headers.TryAddWithoutValidation("User-Agent", Telemetry.VersionText.UserAgent);
            request.Headers.TryAddWithoutValidation("X-Prometheus-Refresh-Interval-Seconds",
                asked.RefreshInterval.TotalSeconds.ToString(CultureInfo.InvariantCulture));
            if (UserInfo.Authorization(asked.Url) is { } own)
                request.Headers.TryAddWithoutValidation("Authorization", own);
            await asked.Access.SignAsync(request, time, ct);
            using HttpResponseMessage response = await _http.SendAsync(request, ct);
            if (response.StatusCode != HttpStatusCode.OK)
                throw new HttpRequestException(string.Create(CultureInfo.InvariantCulture, $"HTTP status {(int)response.StatusCode}"));
            string? type = response.Content.Headers.ContentType?.MediaType;
            if (!string.Equals(type, "application/json", StringComparison.OrdinalIgnoreCase))
                throw new FormatException($"the answer is '{type}'; it must be application/json");
            await response.Content.LoadIntoBufferAsync(MaxBytes, ct);
            var problems = new List<Problem>();
            IReadOnlyList<TargetGroup> groups =
                FileDiscovery.Read(await response.Content.ReadAsStringAsync(ct), "the answer", problems, leftOut);
            return problems.Count > 0 ? throw new FormatException(problems[0].ToString())
                : [.. groups.Select(g => g with { Labels = new Dictionary<string, string>(g.Labels) { ["__meta_url"] = source } })];
        }

        public void Dispose() => _http.Dispose();
    }
}
