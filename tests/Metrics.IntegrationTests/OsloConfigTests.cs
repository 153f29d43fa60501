using System.Diagnostics;
using System.Text.Json;
using Metrics.Formats.Logs.OpenStack;

namespace Metrics.IntegrationTests;

/// <summary>Files as oslo.config reads them are read the same here.</summary>
public sealed class OsloConfigTests
{
    private const string Script = """
        import json, sys
        from oslo_config import cfg
        from oslo_log import log
        log.register_options(cfg.CONF)
        cfg.CONF(["--config-file", sys.argv[1], "--config-file", sys.argv[2]], project="x")
        print(json.dumps({n: ",".join(v) if isinstance(v := cfg.CONF[n], list) else v for n in sys.argv[3].split()}))
        """;

    [Theory]
    [InlineData("[DEFAULT]\ndebug = true\nlog_file=/a\n", "[DEFAULT]\nlog_file: /b:c=d\n")]
    [InlineData("# debug = true\n[DEFAULT]\n  \n;log_dir = /a\nlogdir = '/q u o'\nlogfile = \"x\"\nlog_config = /append\n", "")]
    [InlineData("[DEFAULT]\ndefault_log_levels = a=INFO,\n  b=WARN,\n\tc=ERROR\nuse_syslog = On\n", "[database]\ndebug = true\n")]
    [InlineData(
        "[DEFAULT]\nuse_journal = yes\nuse_journal = no\n[x]\nuse_json = true\n[DEFAULT]\nuse_stderr = 1\n", "[DEFAULT]\nlog_dir =\n")]
    [InlineData("[DEFAULT]\nrate_limit_interval=5\nrate_limit_burst : 7\nrate_limit_except_level=ERROR\n", "")]
    public async Task Options_of_the_log_are_those_that_the_service_gets(string first, string second)
    {
        Assert.SkipUnless(Directory.Exists("/usr/lib/python3/dist-packages/oslo_log"), "python3-oslo.log is not installed");
        string folder = Directory.CreateTempSubdirectory("oslo").FullName;
        (string a, string b) = (Path.Combine(folder, "a.conf"), Path.Combine(folder, "b.conf"));
        await File.WriteAllTextAsync(a, first);
        await File.WriteAllTextAsync(b, second);
        string[] arguments = ["-c", Script, a, b, string.Join(' ', OsloLogConfig.Options)];
        using Process python = Process.Start(new ProcessStartInfo("/usr/bin/python3", arguments) { RedirectStandardOutput = true })!;
        string said = await python.StandardOutput.ReadToEndAsync();
        Dictionary<string, JsonElement> real = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(said)!;
        var values = new Dictionary<string, string>();
        OsloLogConfig.Read(first, values);
        OsloLogConfig.Read(second, values);
        foreach ((string option, string value) in values)
            AsRead(value, real[option]).Should().Be(real[option].ToString(), option);
        values.Should().HaveCountGreaterThan(1);
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>A flag has four words for yes.</summary>
    private static string AsRead(string value, JsonElement real)
    {
        if (real.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
            return value;
        return value.ToLowerInvariant() is "true" or "1" or "on" or "yes" ? "True" : "False";
    }
}
