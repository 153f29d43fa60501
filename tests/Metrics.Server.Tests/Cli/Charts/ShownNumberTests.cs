using Metrics.Cli.Charts;
using Metrics.Query;

namespace Metrics.Tests.Cli.Charts;

/// <summary>Numbers as people read them.</summary>
public sealed class ShownNumberTests
{
    [Theory]
    [InlineData("node_memory_MemAvailable_bytes", 2.3e10, "23.0 GB")]
    [InlineData("node_memory_MemAvailable_bytes", 999_999, "1.0 MB")]
    [InlineData("node_memory_MemAvailable_bytes", 999_400, "999 kB")]
    [InlineData("node_memory_MemAvailable_bytes", 512, "512 B")]
    [InlineData("node_memory_MemAvailable_bytes", -2.5e12, "-2.5 TB")]
    [InlineData("node_network_receive_bytes_total", 0, "0 B")]
    [InlineData("disk_read_bytes_per_second", 1.5e6, "1.5 MB/s")]
    [InlineData("instance:node_network_receive_bytes:rate5m", 1.5e6, "1.5 MB/s")]
    [InlineData("probe_duration_seconds", 0.0123, "12.3 ms")]
    [InlineData("probe_duration_seconds", 0.99999, "1 s")]
    [InlineData("probe_duration_seconds", 12.34, "12.3 s")]
    [InlineData("probe_duration_seconds", 0, "0 s")]
    [InlineData("age_seconds", 61, "1 min 1 s")]
    [InlineData("age_seconds", 11_100, "3 h 5 min")]
    [InlineData("age_seconds", -86_400, "-1 d")]
    [InlineData("node_boot_time_seconds", 1769860800, "2026-01-31T12:00:00Z")]
    [InlineData("node_cpu_usage_ratio", 0.4567, "45.7 %")]
    [InlineData("disk_used_percent", 45.678, "45.7 %")]
    [InlineData("node_hwmon_temp_celsius", 41.5, "41.5 °C")]
    [InlineData("openstack_cinder_pool_capacity_free_gb", 120, "129 GB")]
    [InlineData("node_load1", 0.53, "0.53")]
    [InlineData("openstack_nova_total_vms", 23456789012, "23456789012")]
    [InlineData("x", 1234.56789, "1234.57")]
    [InlineData("x", 0.00001234, "0.00001234")]
    [InlineData("x_bytes", double.NaN, "NaN")]
    [InlineData("x_bytes", double.PositiveInfinity, "+Inf")]
    [InlineData("x_bytes", double.NegativeInfinity, "-Inf")]
    public void A_number_has_the_unit_that_the_metrics_name_says(string metric, double value, string text) =>
        ShownNumber.Text(value, UnitReader.OfName(metric)).Should().Be(text);

    [Theory]
    [InlineData("rate(node_network_receive_bytes_total[5m])", 1.5e6, "1.5 MB/s")]
    [InlineData("sum by (device) (rate(node_network_receive_bytes_total[5m]))", 1.5e6, "1.5 MB/s")]
    [InlineData("increase(node_network_receive_bytes_total[5m])", 1.5e6, "1.5 MB")]
    [InlineData("max_over_time(node_memory_free_bytes[1h:1m])", 1.5e6, "1.5 MB")]
    [InlineData("node_memory_total_bytes - node_memory_free_bytes", 1.5e6, "1.5 MB")]
    [InlineData("node_memory_free_bytes < 1e9", 1.5e6, "1.5 MB")]
    [InlineData("node_memory_free_bytes < bool 1e9", 1, "1")]
    [InlineData("node_memory_free_bytes / node_memory_total_bytes", 0.5, "50 %")]
    [InlineData("node_memory_free_bytes / 1024", 1500.5, "1.5 MB")]
    [InlineData("count(node_memory_free_bytes)", 3, "3")]
    [InlineData("rate(node_cpu_seconds_total[5m])", 0.25, "25 %")]
    [InlineData("rate(http_seconds_sum[5m]) / rate(http_seconds_count[5m])", 0.25, "250 ms")]
    [InlineData("histogram_quantile(0.9, sum by (le) (rate(http_seconds_bucket[5m])))", 0.25, "250 ms")]
    [InlineData("time() - node_boot_time_seconds", 11_100, "3 h 5 min")]
    [InlineData("node_boot_time_seconds", 1769860800, "2026-01-31T12:00:00Z")]
    [InlineData("1 - node_cpu_idle_ratio", 0.25, "25 %")]
    [InlineData("100 * node_cpu_idle_ratio", 25, "25 %")]
    [InlineData("node_memory_free_bytes + node_load1", 1500.5, "1.5 kB")]
    [InlineData("absent(node_memory_free_bytes)", 1, "1")]
    [InlineData("vector(1500.5)", 1500.5, "1500.5")]
    public void An_expression_keeps_the_unit_as_long_as_it_is_still_that(string expression, double value, string text)
    {
        PreparedQuery.TryParse(expression, out PreparedQuery? query, out _).Should().BeTrue();
        ShownNumber.Text(value, UnitReader.Of(query!.Root)).Should().Be(text);
    }
}
