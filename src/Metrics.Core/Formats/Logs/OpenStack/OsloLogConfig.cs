namespace Metrics.Formats.Logs.OpenStack;

/// <summary>A change of what a service logs, or where to.</summary>
/// <param name="Option">The option, such as <c>debug</c>.</param>
/// <param name="Old">What it was; null is its default.</param>
/// <param name="New">What it is; null is its default.</param>
/// <param name="Lowered">Why the service logs less by it, or no longer where it did; null where it does not.</param>
public sealed record OsloLogChange(string Option, string? Old, string? New, string? Lowered);

/// <summary>What a configuration of an OpenStack service says of its log: the options of oslo.log in its section <c>DEFAULT</c>.</summary>
/// <remarks>https://docs.openstack.org/oslo.log/latest/configuration/ · oslo_log/_options.py, oslo_config/iniparser.py</remarks>
public static class OsloLogConfig
{
    /// <summary>The options that are looked at.</summary>
    public static IReadOnlyList<string> Options { get; } =
    [
        "debug", "default_log_levels", "log_config_append", "log_dir", "log_file", "rate_limit_burst", "rate_limit_except_level",
        "rate_limit_interval", "syslog_log_facility", "use_journal", "use_json", "use_stderr", "use_syslog",
    ];

    private static readonly Dictionary<string, string> s_oldNames = new()
    {
        ["log_config"] = "log_config_append", ["logfile"] = "log_file", ["logdir"] = "log_dir",
    };

    /// <summary>Reads a file; what it says goes before what was read of files before it, as oslo.config has it.</summary>
    /// <param name="text">The file.</param>
    /// <param name="values">Gets the options that it gives.</param>
    public static void Read(string text, IDictionary<string, string> values)
    {
        (bool isDefault, string? last) = (false, null);
        foreach (string whole in text.Split('\n'))
        {
            string line = whole.TrimEnd();
            if (line.Length == 0 || line[0] is '#' or ';' or '[')
            {
                isDefault = line is ['[', ..] ? line == "[DEFAULT]" : isDefault;
                last = line is ['#' or ';', ..] ? last : null;
            }
            else if (line[0] is ' ' or '\t')
            {
                if (last is not null)
                    values[last] += line.TrimStart();
            }
            else
            {
                last = isDefault ? Assign(line, values) : null;
            }
        }
    }

    /// <summary>What has changed.</summary>
    public static IEnumerable<OsloLogChange> Compare(IReadOnlyDictionary<string, string> old, IReadOnlyDictionary<string, string> now)
    {
        foreach (string option in Options)
        {
            (string? was, string? becomes) = (old.GetValueOrDefault(option), now.GetValueOrDefault(option));
            if (was != becomes)
                yield return new OsloLogChange(option, was, becomes, WhyLess(option, was, becomes, old, now));
        }
    }

    private static string? Assign(string line, IDictionary<string, string> values)
    {
        int sign = line.AsSpan().IndexOfAny('=', ':');
        if (sign < 1)
            return null;
        string name = line[..sign].Trim().Replace('-', '_'), value = line[(sign + 1)..].Trim();
        name = s_oldNames.GetValueOrDefault(name, name);
        if (!Options.Contains(name))
            return null;
        if (value is ['"' or '\'', _, ..] && value[^1] == value[0])
            value = value[1..^1];
        values[name] = value;
        return name;
    }

    private static string? WhyLess(
        string option, string? was, string? becomes, IReadOnlyDictionary<string, string> old, IReadOnlyDictionary<string, string> now)
        => option switch
    {
        "debug" when IsOn(was) && !IsOn(becomes) => "lines of level DEBUG are no longer written",
        "default_log_levels" when LevelsOf(now) is var after => after.WhyLessThan(LevelsOf(old) with { Root = after.Root }),
        "use_syslog" or "use_journal" or "use_stderr" when IsOn(was) && !IsOn(becomes) => "it no longer logs there",
        "log_file" or "log_dir" when !string.IsNullOrEmpty(was) => "it no longer logs into that file",
        "log_config_append" when !string.IsNullOrEmpty(becomes) => "another file says now what is logged; other options say nothing",
        "rate_limit_burst" or "rate_limit_interval" => LimitOf(now).WhyLessThan(LimitOf(old)),
        "rate_limit_except_level" => LimitOf(now).WhyMoreLevelsThan(LimitOf(old)),
        _ => null,
    };

    private static OsloLevels LevelsOf(IReadOnlyDictionary<string, string> values) =>
        OsloLevels.Read(IsOn(values.GetValueOrDefault("debug")), values.GetValueOrDefault("default_log_levels"));

    private static OsloRateLimit LimitOf(IReadOnlyDictionary<string, string> values) => OsloRateLimit.Read(
        values.GetValueOrDefault("rate_limit_burst"), values.GetValueOrDefault("rate_limit_interval"),
        values.GetValueOrDefault("rate_limit_except_level"));

    /// <summary>As oslo.config reads a BoolOpt.</summary>
    private static bool IsOn(string? value) => value?.ToLowerInvariant() is "true" or "1" or "on" or "yes";
}
