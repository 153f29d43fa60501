using System.Globalization;
using System.Text;
using Metrics.Model;
using Metrics.Rules.Testing;

namespace Metrics.IntegrationTests;

/// <summary>
/// Two hours of made-up series. Samples lie 7 ms beside whole seconds: where a sample lies exactly on the edge of a range Prometheus 2 and
/// 3 differ on purpose, and we follow 3.
/// </summary>
internal sealed class QueryData
{
    /// <summary>Seconds since 1970 of the first sample.</summary>
    public const long Start = 1_700_000_000;

    private const int Interval = 15;
    private const int Samples = 480;

    private readonly StringBuilder _text = new();
    private readonly Random _random = new(7);

    /// <summary>The series for us.</summary>
    public MemorySeries Series { get; } = new();

    public static QueryData Make()
    {
        var data = new QueryData();
        data.Family("gauge_a", "gauge", (l, i) => 40 + (10 * Math.Sin((i / 20.0) + l)) + (data._random.NextDouble() * 20), 8);
        data.Family("gauge_b", "gauge", (l, i) => Math.Round(20 + (l * 5) + (data._random.NextDouble() * 30), 2), 6);
        data.Family("gauge_nan", "gauge",
            (l, i) => (i + l) % 17 == 0 ? double.NaN : (i + l) % 41 == 0 ? double.PositiveInfinity : 5 + l + (i % 7), 3);
        data.Family("gauge_gaps", "gauge", (l, i) => (i / 12) % (l + 2) == 0 ? null : 1000 + i + l, 4);
        data.Family("ends", "gauge", (l, i) => i < 300 + (l * 20) ? i * 0.5 : null, 3);
        data.Family("gauge_time", "gauge", (l, i) => 951_000_000 + (l * 40_000_000.0) + (i * 60), 4);
        data.Family("owner_info", "gauge", (l, i) => 1, 8, l => $",owner=\"team{l % 3}\"");
        double[] counts = new double[16];
        data.Family("requests", "counter", (l, i) => counts[l] += Math.Round(data._random.NextDouble() * 40) + (i == 0 ? 1e6 : 0), 8,
            l => $",code=\"{(l % 2 == 0 ? 200 : 500)}\"", "_total");
        double[] restarts = new double[16];
        data.Family("restarts", "counter",
            (l, i) => restarts[l] = (i + (l * 30)) % 110 == 0 ? 100_000 : restarts[l] + (i == 0 ? 200_000 : 3 + l), 4, suffix: "_total");
        data.Histogram();
        data._text.Append("# EOF\n");
        return data;
    }

    /// <summary>The series for promtool.</summary>
    public string OpenMetrics => _text.ToString();

    private void Family(
        string name, string type, Func<int, int, double?> value, int count, Func<int, string>? extra = null, string suffix = "")
    {
        _text.Append(CultureInfo.InvariantCulture, $"# TYPE {name} {type}\n");
        for (int l = 0; l < count; l++)
        {
            string labels = $"instance=\"i{l}\",job=\"{(l % 2 == 0 ? "web" : "db")}\"{extra?.Invoke(l)}";
            Labels key = SeriesNotation.ReadLabels($"{name}{suffix}{{{labels}}}");
            for (int i = 0; i < Samples; i++)
            {
                if (value(l, i) is { } v)
                    Add($"{name}{suffix}{{{labels}}}", key, i, v);
            }
        }
    }

    private void Histogram()
    {
        string[] bounds = ["0.1", "0.5", "1.0", "5.0", "+Inf"];
        _text.Append("# TYPE latency histogram\n");
        for (int l = 0; l < 3; l++)
        {
            var counts = new double[bounds.Length];
            for (int b = 0; b < bounds.Length; b++)
                counts[b] = 10_000 * (b + 1);
            var lines = new List<(int Bound, int Step, double Count)>();
            for (int i = 0; i < Samples; i++)
            {
                double more = 0;
                for (int b = 0; b < bounds.Length; b++)
                {
                    more += Math.Round(_random.NextDouble() * 10);
                    counts[b] += more;
                    lines.Add((b, i, counts[b]));
                }
            }
            foreach ((int b, int i, double count) in lines.OrderBy(x => x.Bound).ThenBy(x => x.Step))
            {
                string series = $"latency_bucket{{instance=\"i{l}\",job=\"web\",le=\"{bounds[b]}\"}}";
                Add(series, SeriesNotation.ReadLabels(series), i, count);
            }
        }
    }

    private void Add(string series, Labels key, int i, double value)
    {
        long time = ((Start + (i * Interval)) * 1000) + 7;
        Series.Add(key, time, value);
        _text.Append(CultureInfo.InvariantCulture, $"{series} {Metrics.Formats.FloatText.Format(value)} {time / 1000}.{time % 1000:000}\n");
    }
}
