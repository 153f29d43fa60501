using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Metrics.Model;
using Metrics.Text;

namespace Metrics.Notifiers;

/// <summary>
/// Runs a program with the message on its standard input, in Alertmanager's webhook form. No shell is involved, so that nothing that a
/// label holds is ever executed.
/// </summary>
/// <remarks>
/// Exit 0 is sent; 64, 65, 77 and 78 (sysexits.h: usage, data, permission, configuration) never; all else is tried again.
/// </remarks>
internal sealed record CommandNotifier : Notifier
{
    private const int LongestReason = 200;

    public required IReadOnlyList<string> Command { get; init; }

    public required TimeSpan Timeout { get; init; }

    public static CommandNotifier Read(YamlSection section, NotifierDefaults defaults)
    {
        IReadOnlyList<string> command = section.Texts("command");
        if (command.Count == 0)
            section.Report("command", "is required: the program and its arguments, as a list");
        else if (!Path.IsPathRooted(command[0]))
            section.Report("command", $"begins with '{command[0]}'; it must be the full path of a program");
        else if (!File.Exists(command[0]))
            section.Report("command", $"begins with '{command[0]}', which does not exist");
        return new CommandNotifier { Command = command,
            Timeout = section.Duration("timeout", TimeSpan.FromSeconds(30), min: TimeSpan.FromMilliseconds(100)) };
    }

    public override async Task<Delivery> SendAsync(AlertMessage message, string idempotencyKey, NotifierTools tools, CancellationToken ct)
    {
        var info = new ProcessStartInfo(
            Command[0], Command.Skip(1)) { RedirectStandardInput = true, RedirectStandardError = true, RedirectStandardOutput = true };
        info.Environment["METRICSD_STATUS"] = message.Status;
        info.Environment["METRICSD_RECEIVER"] = message.Receiver;
        info.Environment["METRICSD_IDEMPOTENCY_KEY"] = idempotencyKey;
        using var limit = new CancellationTokenSource(Timeout, tools.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, ct);
        Process process;
        try
        {
            process = Process.Start(info)!;
        }
        catch (Win32Exception e)
        {
            return Delivery.Retry(e.Message);
        }
        using (process)
        {
            try
            {
                Task<string> errors = process.StandardError.ReadToEndAsync(either.Token);
                Task<string> output = process.StandardOutput.ReadToEndAsync(either.Token);
                await WriteAsync(process, message.ToWebhookJson(), either.Token);
                await process.WaitForExitAsync(either.Token);
                await output;
                return Judge(process.ExitCode, await errors);
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                ct.ThrowIfCancellationRequested();
                return Delivery.Retry($"the command ran longer than {Duration.Format(Timeout)}");
            }
        }
    }

    private static async Task WriteAsync(Process process, string text, CancellationToken ct)
    {
        try
        {
            await process.StandardInput.WriteAsync(text.AsMemory(), ct);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It did not read its input, which it need not.
        }
    }

    private static Delivery Judge(int code, string errors)
    {
        string said = MessageText.OneLine(errors);
        string reason = string.Create(
            CultureInfo.InvariantCulture, $"exit {code}{(said.Length > 0 ? $": {said[..Math.Min(said.Length, LongestReason)]}" : "")}");
        return code switch
        {
            0 => Delivery.Sent,
            64 or 65 or 77 or 78 => Delivery.Rejected(reason),
            _ => Delivery.Retry(reason),
        };
    }
}
