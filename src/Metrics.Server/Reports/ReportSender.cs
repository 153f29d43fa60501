using System.Security.Cryptography;
using System.Text;
using Metrics.Alerting;
using Metrics.Configuration;
using Metrics.Model;
using Metrics.Notifiers;
using Metrics.Storage.State;

namespace Metrics.Reports;

/// <summary>
/// Makes each report at its times and puts it with the messages on their way, which outlast restarts and dead mail servers. That it went is
/// written with it, so that none goes twice; the newest time at which nobody was there is made up for.
/// </summary>
internal sealed partial class ReportSender(
    Current<NotificationOptions> notifications, Current<IReadOnlyList<ReportOptions>> reports, ReportMaker maker, ReportTimes times,
    Outbox outbox, NotificationMetrics metrics, TimeProvider time, ILogger<ReportSender> log) : BackgroundService
{
    private const string Reported = "reported";
    private static readonly TimeSpan s_look = TimeSpan.FromSeconds(30);

    /// <summary>How long is waited for what cannot be had for now, and how often it is tried.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromHours(1), s_pause = TimeSpan.FromMinutes(5);

    /// <summary>A report that went at a time so far ahead went while the clock was wrong.</summary>
    private static readonly TimeSpan s_clock = TimeSpan.FromDays(1);

    private readonly Dictionary<string, DateTimeOffset> _notBefore = new(StringComparer.Ordinal);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        while (!stoppingToken.IsCancellationRequested)
        {
            foreach (string name in reports.Value.Select(r => r.Name).ToList())
                await metrics.Faults.GuardAsync("reports", () => SendDueAsync(name, stoppingToken), time, stoppingToken);
            await Task.Delay(s_look, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Sends a report whose time has come and that has not gone.</summary>
    internal async Task SendDueAsync(string name, CancellationToken ct)
    {
        DateTimeOffset now = time.GetUtcNow();
        // While others were made the configuration may have changed.
        if (reports.Value.FirstOrDefault(r => r.Name == name) is not { } report || now < _notBefore.GetValueOrDefault(name))
            return;
        if (await times.OfAsync(name) is not { } done || done > Timestamp.Of(now + s_clock))
        {
            await times.SaveAsync(name, Timestamp.Of(now), _ => { }).WaitAsync(ct);
            return;
        }
        if (report.LastDue(now) is not { } due || Timestamp.Of(due) <= done)
            return;
        NotificationOptions options = notifications.Value;
        List<NamedNotifier> mails = [.. ReportOptions.MailsOf(options.NotifiersOf(report.Receiver))];
        if (mails.Count == 0)
            return;
        var span = new ReportSpan(Nanoseconds(report.Begin(due)), Nanoseconds(due), Nanoseconds(now), report.Limit);
        SecurityReport made = await maker.MakeAsync(name, span, ct);
        if (!made.IsWhole && now < due + s_patience)
        {
            _notBefore[name] = now + s_pause;
            LogWaits(name);
            return;
        }
        ReportText text = ReportRenderer.Render(made, options.ExternalUrl);
        string json = AlertMessage.Of(text, name, report.Receiver, options.ExternalUrl).ToJson();
        var at = Timestamp.Of(now);
        await times.SaveAsync(name, Timestamp.Of(due), writer =>
        {
            foreach (NamedNotifier mail in mails)
            {
                writer.Save(new OutboxRow
                {
                    Target = mail.Id.ToString(), Payload = json, IdempotencyKey = KeyOf(name, due, mail.Id),
                    CreatedAt = at.Milliseconds, NextTry = at.Milliseconds,
                });
            }
            writer.AddAudit(at, $"report {name}", Reported, $"{text.Title}, to {report.Receiver}");
        }).WaitAsync(ct);
        outbox.NoteQueued(mails.Count);
        LogSent(name, report.Receiver);
    }

    private static long Nanoseconds(DateTimeOffset moment) => Timestamp.Of(moment).ToNanoseconds();

    /// <summary>The same for the same report, whoever makes it.</summary>
    private static string KeyOf(string report, DateTimeOffset due, IntegrationId mail) => Convert.ToHexStringLower(
        SHA256.HashData(Encoding.UTF8.GetBytes($"{report}\n{due.ToUnixTimeMilliseconds()}\n{mail}")).AsSpan(0, 16));

    [LoggerMessage(Level = LogLevel.Information, Message = "The report {Report} goes to {Receiver}")]
    private partial void LogSent(string report, string receiver);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Not all of the report {Report} can be had now; it is made again in five minutes")]
    private partial void LogWaits(string report);
}
