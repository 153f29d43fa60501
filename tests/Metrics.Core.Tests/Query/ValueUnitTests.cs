using Metrics.Query;

namespace Metrics.Tests.Query;

public sealed class ValueUnitTests
{
    [Theory]
    [InlineData("100 * (1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes)", 93.2, "93.2 %")]
    [InlineData("100 * node_nf_conntrack_entries / node_nf_conntrack_entries_limit", 85.04, "85 %")]
    [InlineData("100 * (1 - avg by (instance) (rate(node_cpu_seconds_total{mode=\"idle\"}[5m])))", 99.957, "99.95 %")]
    [InlineData("1 - node_filesystem_avail_bytes / node_filesystem_size_bytes", 0.05, "5 %")]
    [InlineData("disk_used_percent", 93, "93 %")]
    [InlineData("pool_used_ratio", 0.931, "93.1 %")]
    [InlineData("node_filesystem_avail_bytes{mountpoint=\"/\"}", 23e9, "23.0 GB")]
    [InlineData("node_filesystem_avail_bytes", 512, "512 B")]
    [InlineData("node_filesystem_avail_bytes / 1024 / 1024", 2048, "2.1 GB")]
    [InlineData("openstack_nova_memory_used_mb", 2048, "2.1 GB")]
    [InlineData("sum by (instance) (rate(node_network_receive_bytes_total[5m]))", 12.5e6, "12.5 MB/s")]
    [InlineData("rate(node_network_receive_bytes_total[5m]) * 8", 1e9, "1.0 Gbit/s")]
    [InlineData("time() - node_boot_time_seconds", 540, "9 min")]
    [InlineData("probe_ssl_earliest_cert_expiry_timestamp_seconds - time()", 273_600, "3 d 4 h")]
    [InlineData("histogram_quantile(0.99, sum by (le) (rate(http_request_duration_seconds_bucket[5m])))", 0.25, "250 ms")]
    [InlineData("rate(request_seconds_sum[5m]) / rate(request_seconds_count[5m])", 1.52, "1.52 s")]
    [InlineData("node_hwmon_temp_celsius", 96.55, "96.6 °C")]
    [InlineData("max_over_time(job:lag_seconds:max[1h])", 7500, "2 h 5 min")]
    [InlineData("node_load15 / on (instance) count by (instance) (node_cpu_seconds_total)", 4.25, "4.25")]
    [InlineData("rate(errors_total[5m])", 12.34, "12.3/s")]
    [InlineData("increase(node_vmstat_oom_kill[10m])", 3, "3")]
    [InlineData("queue_length", 1_234_567, "1.23 M")]
    [InlineData("queue_length", 12_345, "12345")]
    [InlineData("node_filesystem_avail_bytes", 999_960, "1.0 MB")]
    [InlineData("probe_duration_seconds", 0.99999, "1 s")]
    [InlineData("probe_duration_seconds", 12.34, "12.3 s")]
    [InlineData("probe_duration_seconds", 59.97, "1 min")]
    [InlineData("node_hwmon_fan_rpm", 1240, "1240 rpm")]
    [InlineData("disk_read_bytes_per_second", 1.5e6, "1.5 MB/s")]
    [InlineData("instance:node_network_receive_bytes:rate5m", 1.5e6, "1.5 MB/s")]
    [InlineData("node_memory_free_bytes or node_load1", 1500, "1500")]
    [InlineData("0.9 * node_memory_MemTotal_bytes", 90e9, "90.0 GB")]
    [InlineData("-1 * node_time_offset_seconds", -5, "-5 s")]
    [InlineData("ceph_used_bytes * 3", 3e9, "3.0 GB")]
    [InlineData("process_age_seconds / 3600", 2, "2 h")]
    [InlineData("(node_filesystem_avail_bytes < 5) and on (instance) up", -3.2e9, "-3.2 GB")]
    public void A_value_is_read_in_the_unit_of_its_expression(string expression, double value, string read)
    {
        PreparedQuery.TryParse(expression, out PreparedQuery? query, out QueryError? error).Should().BeTrue($"{error}");
        UnitReader.Of(query!.Root).Format(value).Should().Be(read);
    }

    [Fact]
    public void A_long_difference_takes_no_longer_than_it_is_long()
    {
        string text = string.Join(" - ", Enumerable.Range(0, 60).Select(i => $"m{i}_bytes"));
        PreparedQuery.TryParse(text, out PreparedQuery? query, out QueryError? error).Should().BeTrue($"{error}");
        UnitReader.Of(query!.Root).Format(1e6).Should().Be("1.0 MB");
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.MaxValue)]
    [InlineData(double.Epsilon)]
    [InlineData(-0.0)]
    public void No_number_is_too_strange_to_be_read(double value)
    {
        foreach (UnitKind kind in Enum.GetValues<UnitKind>())
        {
            foreach (bool isRate in new[] { false, true })
                new ValueUnit(kind, isRate).Format(value).Should().NotBeEmpty();
        }
    }

    [Theory]
    [InlineData(0, "0 s")]
    [InlineData(0.0004, "400 µs")]
    [InlineData(42.4, "42 s")]
    [InlineData(90, "1 min 30 s")]
    [InlineData(59.7, "1 min")]
    [InlineData(360, "6 min")]
    [InlineData(1500, "25 min")]
    [InlineData(86_400, "1 d")]
    [InlineData(1e300, "1157407 d 9 h")]
    public void A_time_has_two_units_at_most(double seconds, string read) => ValueUnit.FormatTime(seconds).Should().Be(read);
}
