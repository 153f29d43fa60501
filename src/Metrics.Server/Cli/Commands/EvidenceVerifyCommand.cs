using System.Globalization;
using System.Text;
using System.Text.Json;
using Metrics.Access;

namespace Metrics.Cli.Commands;

/// <summary><c>metricsd evidence verify</c>: whether the event log is as it was sealed, day by day.</summary>
internal sealed class EvidenceVerifyCommand : DaemonCommand
{
    public EvidenceVerifyCommand(CommonOptions common)
        : base(common, "verify", "Check the sealed days of the event log; exit with 1 where one was altered or is missing, 3 where not all can be read.",
            Role.Viewer, TimeSpan.FromMinutes(1))
    {
        Add(common.Output);
        AddConnection();
        Example("metricsd evidence verify", "Each day, whether it holds what it held when it was sealed, and the head of the chain.");
    }

    protected override async Task<int> RunAsync(Invocation call, CancellationToken cancel)
    {
        using DaemonClient daemon = Connect(call);
        using HttpResponseMessage answer = await daemon.StreamAsync("/api/v1/evidence/verify", cancel);
        try
        {
            using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync(cancel));
            while (await lines.ReadLineAsync(cancel) is { } line)
            {
                JsonElement one = daemon.Parse(Encoding.UTF8.GetBytes(line));
                if (daemon.Read(one, o => o.TryGetProperty("reading", out _)))
                {
                    daemon.Read(one, o => WriteProgress(o, call.Error));
                    continue;
                }
                if (call.WantsJson)
                    call.Output.WriteLine(line);
                if (daemon.Read(one, o => o.TryGetProperty("done", out _)))
                    return daemon.Read(one, o => End(o, call));
                if (!call.WantsJson)
                    daemon.Read(one, o => Write(o, call.Output));
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new CommandException(ExitCode.Unreachable, $"the answer broke off: {e.Message}");
        }
        throw new CommandException(ExitCode.Unreachable, "the answer broke off: not all days were checked");
    }

    private static void WriteProgress(JsonElement now, TextWriter to) => to.WriteLine(string.Create(
        CultureInfo.InvariantCulture, $"... {TextCell.Plain(now, "reading")}: {now.GetProperty("events").GetInt64()} events so far"));

    private static void Write(JsonElement day, TextWriter to)
    {
        string text = $"{TextCell.Plain(day, "state"),-10} {TextCell.Plain(day, "table")}";
        if (day.GetProperty("events").ValueKind == JsonValueKind.Number)
            text += string.Create(CultureInfo.InvariantCulture, $"  {day.GetProperty("events").GetInt64()} events");
        if (TextCell.Plain(day, "head") is { Length: > 0 } head)
            text += $"  head {head}";
        to.WriteLine(TextCell.Plain(day, "reason") is { Length: > 0 } reason ? $"{text}: {reason}" : text);
    }

    private static int End(JsonElement end, Invocation call)
    {
        if (!end.GetProperty("done").GetBoolean())
            throw new CommandException(ExitCode.Unreachable, $"not all days were checked: {TextCell.Plain(end, "error")}");
        int days = end.GetProperty("days").GetInt32(), wrong = end.GetProperty("wrong").GetInt32();
        int unreadable = end.GetProperty("unreadable").GetInt32();
        if (!call.WantsJson)
        {
            string found = wrong > 0 ? "ALTERED" : unreadable > 0 ? "not all could be read" : "nothing was altered";
            string beside = unreadable > 0 ? string.Create(CultureInfo.InvariantCulture, $", {unreadable} unreadable") : "";
            call.Output.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{found}: {days} looked at, {wrong} altered or missing{beside}"));
        }
        return wrong > 0 ? ExitCode.No : unreadable > 0 ? ExitCode.Unreachable : ExitCode.Ok;
    }
}
