using Metrics.Formats.Logs.OpenStack;

namespace Metrics.Tests.Formats.Logs;

/// <summary>What changes in a configuration of oslo.log, and whether less is logged by it. How a file is read is held against oslo.config
/// itself in the integration tests.</summary>
public sealed class OsloLogConfigTests
{
    private static readonly Dictionary<string, string> s_none = [];

    [Theory]
    [InlineData("debug = true", "", "debug", "lines of level DEBUG")]
    [InlineData("debug = True", "debug = 0", "debug", "lines of level DEBUG")]
    [InlineData("", "debug = yes", "debug", null)]
    [InlineData("", "default_log_levels = nova=WARNING", "default_log_levels", "nova writes WARN and above only, before it was INFO")]
    [InlineData("default_log_levels = nova=WARNING", "", "default_log_levels", "amqp writes WARN")]
    [InlineData("default_log_levels = nova=ERROR", "default_log_levels = nova=WARN", "default_log_levels", null)]
    [InlineData("default_log_levels = nova=INFO", "default_log_levels = nova=INFO,nova.api=ERROR", "default_log_levels",
        "nova.api writes ERROR and above only, before it was INFO")]
    [InlineData("default_log_levels = nova.api=WARN,nova=INFO", "default_log_levels = nova=WARN", "default_log_levels",
        "nova writes WARN and above only, before it was INFO")]
    [InlineData("default_log_levels = a=INFO", "default_log_levels = a=INFO,b=INFO", "default_log_levels", null)]
    [InlineData("use_syslog = true", "use_syslog = false", "use_syslog", "no longer logs there")]
    [InlineData("use_syslog = false", "use_syslog = true", "use_syslog", null)]
    [InlineData("log_file = /var/log/a.log", "log_file = /dev/null", "log_file", "no longer logs into that file")]
    [InlineData("log_dir = /var/log/nova", "", "log_dir", "no longer logs into that file")]
    [InlineData("", "log_config_append = /etc/nova/logging.conf", "log_config_append", "another file")]
    [InlineData("", "rate_limit_burst = 5", "rate_limit_burst", "beyond a rate")]
    [InlineData("", "rate_limit_interval = 5", "rate_limit_interval", null)]
    [InlineData("rate_limit_burst = 5\nrate_limit_interval = 5", "rate_limit_burst = 4\nrate_limit_interval = 5", "rate_limit_burst",
        "beyond a rate")]
    [InlineData("rate_limit_burst = 5\nrate_limit_interval = 5", "rate_limit_burst = 9\nrate_limit_interval = 5", "rate_limit_burst", null)]
    [InlineData("rate_limit_burst = 5\nrate_limit_interval = 5", "rate_limit_interval = 5", "rate_limit_burst", null)]
    [InlineData("rate_limit_burst = 5", "rate_limit_burst = 5\nrate_limit_interval = 1", "rate_limit_interval", "beyond a rate")]
    [InlineData("rate_limit_burst = 5\nrate_limit_interval = 5", "rate_limit_burst = 5\nrate_limit_interval = 9", "rate_limit_interval",
        "beyond a rate")]
    [InlineData("rate_limit_burst = 5\nrate_limit_interval = 5", "rate_limit_burst = 5\nrate_limit_interval = 2", "rate_limit_interval",
        null)]
    [InlineData("rate_limit_burst = 5\nrate_limit_except_level = ERROR", "rate_limit_burst = 5", "rate_limit_except_level",
        "beyond a rate are no longer written from ERROR on either")]
    [InlineData("rate_limit_burst = 5", "rate_limit_burst = 5\nrate_limit_except_level =", "rate_limit_except_level", "from CRITICAL on")]
    [InlineData("rate_limit_burst = 5", "rate_limit_burst = 5\nrate_limit_except_level = ERROR", "rate_limit_except_level", null)]
    [InlineData("rate_limit_except_level = ERROR", "rate_limit_except_level = CRITICAL", "rate_limit_except_level", null)]
    [InlineData("use_json = false", "use_json = true", "use_json", null)]
    public void A_change_is_found_and_whether_less_is_logged_by_it(string before, string after, string option, string? less)
    {
        OsloLogChange change = OsloLogConfig.Compare(Read(before), Read(after)).Should().ContainSingle().Subject;
        change.Option.Should().Be(option);
        if (less is null)
            change.Lowered.Should().BeNull();
        else
            change.Lowered.Should().Contain(less);
    }

    [Fact]
    public void Of_a_lower_debug_the_levels_of_loggers_say_nothing_more()
    {
        OsloLogConfig.Compare(Read("debug = true\ndefault_log_levels = a=INFO"), Read("default_log_levels = a=INFO"))
            .Should().ContainSingle().Which.Option.Should().Be("debug");
    }

    [Fact]
    public void Other_options_and_other_sections_are_not_looked_at()
    {
        var values = new Dictionary<string, string>();
        OsloLogConfig.Read("[DEFAULT]\nadmin_password = x\n[database]\ndebug = true\nconnection = mysql://nova:secret@db/nova", values);
        values.Should().BeEmpty();
        OsloLogConfig.Compare(s_none, values).Should().BeEmpty();
    }

    private static Dictionary<string, string> Read(string text)
    {
        var values = new Dictionary<string, string>();
        OsloLogConfig.Read("[DEFAULT]\n" + text, values);
        return values;
    }
}
