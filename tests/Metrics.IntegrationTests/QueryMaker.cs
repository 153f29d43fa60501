using System.Globalization;

namespace Metrics.IntegrationTests;

/// <summary>
/// Makes up queries over the series of <see cref="QueryData"/>: every function and operator that Prometheus 2.42 has, nested at random.
/// Left out is what cannot be compared: where 2.42 differs from 3 on purpose (names kept by <c>atan2</c>, deviations of infinite values,
/// subqueries within subqueries whose steps meet), where the order of equal values is nobody's promise (<c>topk</c> of ties), where Go
/// leaves the result to the processor (dates of NaN), and where a last digit is blown up (sines of huge numbers, powers as texts).
/// </summary>
internal sealed class QueryMaker(int seed)
{
    private static readonly string[] s_gauges = ["gauge_a", "gauge_b"];
    private static readonly string[] s_math =
    [
        "abs", "ceil", "floor", "sqrt", "sgn", "deg", "rad", "exp", "ln", "log2", "log10", "sin", "cos", "tan", "asin", "acos", "atan",
            "sinh", "cosh", "tanh", "asinh", "acosh", "atanh",
    ];

    private static readonly string[] s_overTime =
    [
        "avg_over_time", "min_over_time", "max_over_time", "sum_over_time", "count_over_time", "last_over_time", "present_over_time",
            "stddev_over_time", "stdvar_over_time",
        "changes", "resets", "idelta", "delta", "deriv", "absent_over_time",
    ];

    private static readonly string[] s_dates =
        ["day_of_month", "day_of_week", "day_of_year", "days_in_month", "hour", "minute", "month", "year"];
    private static readonly string[] s_arithmetic = ["+", "-", "*", "/", "%", "* 1 atan2"];
    private static readonly string[] s_comparisons = ["==", "!=", ">", "<", ">=", "<="];
    private static readonly string[] s_sets = ["and", "or", "unless"];
    private static readonly string[] s_aggregators = ["sum", "avg", "min", "max", "count", "group"];

    private readonly Random _random = new(seed);

    /// <summary>The query of a number: the first ones name every function and operator once, the rest are made up.</summary>
    public string Next(int number)
    {
        List<string> each =
        [
            .. s_math.Select(f => $"{f}(gauge_a / 50)"), .. s_overTime.Select(f => $"{f}(gauge_a[5m])"),
                .. s_dates.Select(f => $"{f}(gauge_time)"), .. s_dates.Select(f => $"{f}()"),
            .. s_arithmetic.Select(o => $"gauge_a {o} gauge_b"), "gauge_a ^ gauge_b", "2 ^ gauge_b", "gauge_a ^ 0.5", "2 ^ 3 ^ 2", "-2 ^ 2",
                "-1 ^ 0.5", .. s_arithmetic.Select(o => $"2 {o} (gauge_b * 1)"), .. s_comparisons.Select(o => $"gauge_a {o} gauge_b"),
            .. s_comparisons.Select(o => $"gauge_a {o} bool 50"), .. s_comparisons.Select(o => $"3 {o} bool 4"),
                .. s_sets.Select(o => $"gauge_a {o} gauge_b{{instance=~\"i[0-3]\"}}"),
            .. s_aggregators.Select(a => $"{a} by (job) (gauge_a)"), "stddev by (job) (gauge_a)", "stdvar(gauge_b)", "stddev(gauge_a)",
                "stdvar without (instance) (gauge_b)", .. s_aggregators.Select(a => $"{a}(gauge_nan)"),
                .. s_overTime.Select(f => $"{f}(gauge_nan[3m])"),
            "rate(requests_total[5m])", "increase(requests_total[5m])", "irate(requests_total[5m])", "rate(restarts_total[10m])",
                "increase(restarts_total[7m])", "resets(restarts_total[30m])",
            "quantile_over_time(0.9, gauge_a[10m])", "predict_linear(gauge_a[10m], 3600)", "holt_winters(gauge_a[10m], 0.3, 0.6)",
                "histogram_quantile(0.9, rate(latency_bucket[5m]))",
            "histogram_quantile(0.5, sum by (le, job) (rate(latency_bucket[5m])))", "topk(3, gauge_a)", "bottomk(2, gauge_b)",
                "topk by (job) (1, gauge_a)", "quantile(0.3, gauge_a)", "quantile by (job) (0.75, gauge_b)",
            "count_values(\"value\", round(gauge_a / 20))", "sort(gauge_a)", "sort_desc(gauge_b)", "absent(gauge_a{instance=\"nope\"})",
                "absent(sum(nothing))", "scalar(sum(gauge_a))", "vector(time())", "time()", "pi()",
            "label_replace(gauge_a, \"node\", \"$1-x\", \"instance\", \"i(.*)\")",
                "label_join(gauge_a, \"both\", \"/\", \"job\", \"instance\")", "timestamp(gauge_a)", "clamp(gauge_a, 20, 60)",
                "clamp_min(gauge_a, 30)",
            "clamp_max(gauge_a, 30)", "round(gauge_a, 0.1)", "round(gauge_a)", "-gauge_a", "+gauge_a",
                "gauge_a * on(instance, job) group_left(owner) owner_info",
                "owner_info * on(instance, job) group_right(owner) requests_total",
            "{__name__=~\"gauge_.\"}", "gauge_a offset 5m", "gauge_a @ 1700003600", "gauge_a @ end()",
                "max_over_time(rate(requests_total[2m])[10m:30s])", "\"text\"", "1e3", "0x1F + 3", "gauge_gaps", "ends", "ends offset 5m",
        ];
        return number < each.Count ? each[number] : _random.Next(12) == 0 ? Scalar(2) : Vector(3);
    }

    private string Pick(params string[] from) => from[_random.Next(from.Length)];

    private string Vector(int depth)
    {
        if (depth == 0)
            return Selector() + Time();
        int next = depth - 1;
        return _random.Next(17) switch
        {
            0 => _random.Next(2) == 0
                ? $"{Pick(s_math)}({Pick(s_gauges)}{Time()} / {Pick("7", "50", "90")})"
                : $"{Pick(s_math[..7])}({Vector(next)})",
            1 or 2 => $"{Pick(s_overTime)}({Range(next)})",
            3 => $"{Pick("rate", "increase", "irate")}({Pick("requests_total", "restarts_total", "latency_bucket")}"
                + $"[{Pick("2m", "5m", "11m")}]{Time()})",
            4 or 5 => $"{Pick(s_aggregators)} {Grouping()} ({Vector(next)})",
            6 => $"{Vector(next)} {Pick(s_arithmetic)} {Number()}",
            7 => $"{Number()} {Pick(s_arithmetic)} (({Vector(next)}) * 1)",
            8 => $"{Vector(0)} {Pick(s_arithmetic)} {Matching()} ({Vector(0)} * 1)",
            9 => $"{Vector(next)} {Pick(s_comparisons)}{Pick("", " bool")} {Number()}",
            10 => $"{Pick(s_aggregators)} by (job, instance) ({Vector(next)}) {Pick(s_comparisons)}{Pick("", " bool")} "
                + $"{Pick(s_aggregators)} by (job, instance) ({Vector(next)})",
            11 => $"({Vector(next)}) {Pick(s_sets)} {Pick("", "on(job)", "ignoring(instance)", "on(job, instance)", "on()")} "
                + $"({Vector(next)})",
            12 => _random.Next(2) == 0
                ? $"quantile{Pick(" by (job)", "")}({Pick("0.2", "1", "0.99", "-1")}, {Vector(next)})"
                : $"{Pick("topk", "bottomk")}{Pick(" by (job)", "")}({Pick("1", "3", "0.9", "100")}, gauge_a{Time()} "
                    + $"{Pick("", "* 2", "> 45")})",
            13 => Pick(
                $"clamp({Vector(next)}, 10, 70)", $"clamp_min({Vector(next)}, 3)", $"clamp_max({Vector(next)}, 40)",
                    $"round({Vector(next)}, {Pick("1", "0.25", "10")})", $"timestamp({Vector(next)})",
                $"absent({Vector(next)})", $"vector({Scalar(next)})", $"-({Vector(next)})", $"sort({Vector(next)})",
                    $"sort_desc({Vector(next)})"),
            14 => Pick(
                $"label_replace({Vector(next)}, \"node\", \"n$1\", \"instance\", \"i(.)\")",
                    $"label_join({Vector(next)}, \"x\", \"-\", \"job\", \"code\")",
                    $"count_values {Grouping()} (\"v\", round({Selector()}{Time()}))"),
            15 => $"histogram_quantile({Pick("0", "0.5", "0.95", "1", "1.5", "NaN")}, "
                + $"{Pick("", "sum by (le, job) ")}(rate(latency_bucket[{Pick("3m", "5m")}])))",
            _ => $"{Pick(s_dates)}({Pick("gauge_time", "gauge_time + 86400 * 40", "gauge_a * 1e7", "timestamp(gauge_b)", "ends * 86400")})",
        };
    }

    private string Range(int depth) => _random.Next(3) == 0
        ? $"({Inner(depth)})[{Pick("5m", "9m", "13m")}:{Pick("", "30s", "1m", "2m")}]{Time()}"
        : $"{Selector()}[{Pick("1m", "3m", "5m", "10m")}]{Time()}";

    private string Inner(int depth)
    {
        string inner = Vector(Math.Min(depth, 1));
        return inner.Contains(":]", StringComparison.Ordinal)
            || inner.Contains("s]", StringComparison.Ordinal)
            || inner.Contains(":1m]", StringComparison.Ordinal)
            || inner.Contains(":2m]", StringComparison.Ordinal) ? Selector() : inner;
    }

    private string Scalar(int depth) => _random.Next(5) switch
    {
        0 => $"scalar({Vector(Math.Max(0, depth - 1))})",
        1 => "time()",
        2 => $"({Number()} {Pick(s_arithmetic)} {Number()})",
        3 => $"({Number()} {Pick(s_comparisons)} bool {Number()})",
        _ => Number(),
    };

    private string Number() => Pick("0", "1", "2", "-3", "0.5", "50", "1e3", "Inf", "-Inf", "NaN", "60", "7.25");

    private string Selector() => Pick(
        Pick(s_gauges), Pick(s_gauges), $"{Pick(s_gauges)}{{job=\"{Pick("web", "db")}\"}}",
            $"{Pick(s_gauges)}{{instance=~\"i[{_random.Next(3)}-{_random.Next(3, 8)}]\"}}",
        $"{Pick(s_gauges)}{{instance!=\"i{_random.Next(8)}\"}}", $"{Pick(s_gauges)}{{job!~\"w.*\"}}", "gauge_nan", "gauge_gaps", "ends",
            "requests_total", "restarts_total", "owner_info", "{__name__=~\"gauge_[ab]\",job=\"db\"}");

    private string Time() => _random.Next(6) switch
    {
        0 => $" offset {Pick("1m", "7m", "-2m")}",
        1 => string.Create(CultureInfo.InvariantCulture, $" @ {QueryData.Start + 1813 + (60 * _random.Next(20))}"),
        2 when _random.Next(2) == 0 => Pick(" @ start()", " @ end()"),
        _ => "",
    };

    private string Grouping() =>
        Pick("", "by (job)", "by (instance)", "by (job, code)", "without (instance)", "without (job, le)", "by ()", "by (nothing)");

    private string Matching() => Pick(
        "", "on(job, instance)", "ignoring(code)", "on(instance, job) group_left", "on(instance, job) group_right",
            "ignoring(code, owner) group_left(owner)", "on(job)", "on(instance) group_left(owner)");
}
