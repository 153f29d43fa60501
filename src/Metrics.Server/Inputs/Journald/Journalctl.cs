using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using Metrics.Formats.Logs;

namespace Metrics.Inputs.Journald;

/// <summary>A <c>journalctl</c> that runs, and the entries that it shows.</summary>
/// <remarks>
/// <c>--merge</c>, because <c>--follow</c> without it shows the present boot alone: what was written between the last entry that was read
/// and a reboot would be lost. <c>--cursor</c>, because <c>--after-cursor</c> passes over an entry also where that of the cursor is gone.
/// journalctl(1)
/// </remarks>
internal sealed class Journalctl : IDisposable
{
    private const int MaxErrorLength = 500;

    private readonly Process _process;
    private readonly Task<string> _error;
    private readonly JournalExport _export = new();
    private readonly byte[] _buffer = new byte[256 * 1024];
    private int _start;
    private int _end;

    private Journalctl(JournaldOptions options, string? cursor, params IEnumerable<string> arguments)
    {
        var info = new ProcessStartInfo("journalctl", ["--output=export", "--quiet", "--merge", "--no-pager", .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (cursor is not null)
            info.ArgumentList.Add($"--cursor={cursor}");
        if (options.Directory is { } directory)
            info.ArgumentList.Add($"--directory={directory}");
        foreach (string unit in options.Units.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            info.ArgumentList.Add($"--unit={unit}");
        info.Environment["LC_ALL"] = "C.UTF-8";
        info.Environment["SYSTEMD_COLORS"] = "0";
        try
        {
            _process = Process.Start(info)!;
        }
        catch (Win32Exception e)
        {
            throw new IOException($"journalctl cannot be started: {e.Message}", e);
        }
        _error = ReadErrorAsync(_process.StandardError);
    }

    /// <summary>The entry that <see cref="TryTake"/> has found last.</summary>
    public JournalEntry Entry => _export.Entry;

    /// <summary>Starts one that shows what there is from an entry on, and then what comes.</summary>
    /// <param name="options">Which journal.</param>
    /// <param name="cursor">The entry; where it is gone, the one that comes next. Null shows all.</param>
    /// <exception cref="IOException">It cannot be started.</exception>
    public static Journalctl Follow(JournaldOptions options, string? cursor) =>
        new(options, cursor, "--follow", "--no-tail");

    /// <summary>Looks for one entry.</summary>
    /// <param name="options">Which journal.</param>
    /// <param name="cursor">The entry; where it is gone, the one that comes next. Null looks for the newest.</param>
    /// <param name="stop">Ends it.</param>
    /// <returns>Whether there is one, and it.</returns>
    /// <exception cref="IOException">It cannot be started, or has failed.</exception>
    public static async Task<JournalPosition?> FindAsync(JournaldOptions options, string? cursor, CancellationToken stop)
    {
        using var journal = new Journalctl(options, cursor, "--lines=1");
        await using CancellationTokenRegistration onStop = stop.Register(journal.Stop);
        JournalPosition? found = null;
        while (await journal.ReadAsync() > 0)
        {
            while (journal.TryTake())
                found = new JournalPosition(journal.Entry.Cursor, journal.Entry.Time, options.Units);
        }
        string ended = await journal.EndedAsync();
        stop.ThrowIfCancellationRequested();
        return journal._process.ExitCode == 0 ? found : throw new IOException(ended);
    }

    /// <summary>Waits for more of its output; call it when <see cref="TryTake"/> finds no more.</summary>
    /// <returns>How many bytes; 0 where it has ended.</returns>
    public async Task<int> ReadAsync()
    {
        int count = await _process.StandardOutput.BaseStream.ReadAsync(_buffer);
        (_start, _end) = (0, count);
        return count;
    }

    /// <summary>Goes on to the next entry.</summary>
    /// <returns>Whether there is one in what was read.</returns>
    /// <exception cref="InvalidDataException">Its output is none of a journal.</exception>
    public bool TryTake()
    {
        ReadOnlySpan<byte> rest = _buffer.AsSpan(_start, _end - _start);
        bool isWhole = _export.Read(ref rest);
        _start = _end - rest.Length;
        return isWhole;
    }

    /// <summary>Ends it at once.</summary>
    public void Stop()
    {
        try
        {
            _process.Kill();
        }
        catch (InvalidOperationException)
        {
            // It has ended by itself.
        }
    }

    /// <summary>Waits for its end.</summary>
    /// <returns>How it has ended, in words.</returns>
    public async Task<string> EndedAsync()
    {
        await _process.WaitForExitAsync();
        string error = await _error;
        return $"journalctl ended with {_process.ExitCode}" + (error.Length > 0 ? $": {error}" : "");
    }

    /// <inheritdoc />
    public void Dispose()
    {
        Stop();
        _process.Dispose();
    }

    /// <returns>The first line, where it is not too long; all else is read and forgotten, so that it never waits for us.</returns>
    private static async Task<string> ReadErrorAsync(StreamReader reader)
    {
        var first = new StringBuilder();
        char[] some = new char[1024];
        while (await reader.ReadAsync(some) is > 0 and var count)
            first.Append(some, 0, Math.Min(count, MaxErrorLength - first.Length));
        return first.ToString().Split('\n')[0];
    }
}
