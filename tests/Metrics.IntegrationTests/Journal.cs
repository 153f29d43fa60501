using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;

namespace Metrics.IntegrationTests;

/// <summary>A folder with a real journal, which systemd-journal-remote writes.</summary>
internal sealed class Journal : IDisposable
{
    /// <summary>Where packages have it, which is no folder of programs.</summary>
    private const string Writer = "/usr/lib/systemd/systemd-journal-remote";

    private const string Boot = "11111111111111111111111111111111";

    /// <summary>When the first entry is from, microseconds since 1970; each next one is a second and a microsecond later.</summary>
    public const long FirstTime = 1_790_000_000_000_000;

    private readonly string _root = Directory.CreateTempSubdirectory("journal").FullName;
    private int _written;

    /// <summary>Skips the calling test where a program is missing.</summary>
    public Journal()
    {
        Component.Need("journalctl");
        Assert.SkipUnless(File.Exists(Writer), "systemd-journal-remote is not installed");
        Directory.CreateDirectory(Folder);
    }

    /// <summary>Its files.</summary>
    public string Folder => Path.Combine(_root, "files");

    /// <summary>Writes entries with a text and the fields of a service.</summary>
    public Task WriteAsync(IEnumerable<string> messages, string unit = "numbers.service", string boot = Boot, string file = "a") =>
        WriteAsync([.. messages.Select(m => Fields(("_HOSTNAME", "node1"), ("PRIORITY", "6"), ("SYSLOG_IDENTIFIER", "numbers"),
            ("_SYSTEMD_UNIT", unit), ("MESSAGE", m)))], boot, file);

    /// <summary>Writes entries.</summary>
    /// <param name="entries">The fields of each, as <see cref="Fields"/> makes them.</param>
    /// <param name="boot">Of the machine.</param>
    /// <param name="file">The journal's file, without its ending.</param>
    public async Task WriteAsync(IReadOnlyList<byte[]> entries, string boot = Boot, string file = "a")
    {
        using var text = new MemoryStream();
        foreach (byte[] entry in entries)
        {
            int number = _written++;
            text.Write(Encoding.ASCII.GetBytes(
                $"__REALTIME_TIMESTAMP={FirstTime + (number * 1_000_001L)}\n__MONOTONIC_TIMESTAMP={number + 1}000\n_BOOT_ID={boot}\n"));
            text.Write(entry);
            text.WriteByte((byte)'\n');
        }
        string export = Path.Combine(_root, "entries.export");
        await File.WriteAllBytesAsync(export, text.ToArray());
        (int code, string said) = await RunAsync(Writer, $"--output={Folder}/{file}.journal", export);
        code.Should().Be(0, said);
    }

    /// <summary>Fields of an entry; those with line ends are written as bytes.</summary>
    public static byte[] Fields(params ReadOnlySpan<(string Name, string Value)> fields)
    {
        using var text = new MemoryStream();
        foreach ((string name, string value) in fields)
            text.Write(Field(name, Encoding.UTF8.GetBytes(value)));
        return text.ToArray();
    }

    /// <summary>A field of any bytes.</summary>
    public static byte[] Field(string name, byte[] value)
    {
        byte[] size = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(size, value.Length);
        return [.. Encoding.ASCII.GetBytes(name), (byte)'\n', .. size, .. value, (byte)'\n'];
    }

    /// <summary>Has journalctl do something with it, such as <c>--vacuum-files=1</c>.</summary>
    /// <returns>What it says.</returns>
    public async Task<string> ControlAsync(params string[] arguments)
    {
        (int code, string said) = await RunAsync("journalctl", [$"--directory={Folder}", .. arguments]);
        code.Should().Be(0, said);
        return said;
    }

    /// <summary>The processes of journalctl that read it now.</summary>
    public List<int> Readers() =>
    [
        .. Process.GetProcessesByName("journalctl").Where(p => IsReader(p.Id)).Select(p => p.Id),
    ];

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private bool IsReader(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/cmdline").Contains($"--directory={Folder}\0", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static async Task<(int Code, string Output)> RunAsync(string program, params string[] arguments)
    {
        var info = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(info)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + errors);
    }
}
