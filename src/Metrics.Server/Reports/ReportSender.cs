using System.Security.Cryptography;
using System.Text;
using Metrics.Alerting;
using Metrics.Configuration;
using Metrics.Model;
using Metrics.Notifiers;
using Metrics.Storage.State;
using Microsoft.EntityFrameworkCore;

namespace Metrics.Reports;

/// <summary>
/// Makes each report at its times and puts it with the messages on their way, which outlast restarts and dead mail servers. That it went is
/// written with it, so that none goes twice; a time at which nobody was there is made up for within <see cref="ReportOptions.Patience"/>.
/// </summary>
internal sealed partial class ReportSender(
    Current<NotificationOptions> notifications, Current<IReadOnlyList<ReportOptions>> reports, ReportMaker maker, StateStore state,
    Outbox outbox, NotificationMetrics metrics, TimeProvider time, ILogger<ReportSender> log) : BackgroundService
{
    private const string Sent = "reported";
    private static readonly TimeSpan s_look = TimeSpan.FromSeconds(30);

    /// <summary>A report that never went is not made up for from before somebody asked for it.</summary>
    private readonly Dictionary<string, DateTimeOffset> _since = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        while (!stoppingToken.IsCancellationRequested)
        {
            foreach (ReportOptions report in reports.Value)
                await metrics.Faults.GuardAsync("reports", () => SendDueAsync(report, stoppingToken), time, stoppingToken);
            await Task.Delay(s_look, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Sends a report whose time has come and that has not gone.</summary>
    internal async Task SendDueAsync(ReportOptions report, CancellationToken ct)
    {
        DateTimeOffset now = time.GetUtcNow();
        _since.TryAdd(report.Name, now);
        if (report.LastDue(now) is not { } due)
            return;
        string who = $"report {report.Name}";
        long? last = await state.ReadAsync(db =>
            db.Audit.AsNoTracking().Where(a => a.What == Sent && a.Who == who).Max(a => (long?)a.At));
        if (last is { } sent ? sent >= due.ToUnixTimeMilliseconds() : due < _since[report.Name])
            return;
        NotificationOptions options = notifications.Value;
        List<NamedNotifier> mails = [.. ReportOptions.MailsOf(options.NotifiersOf(report.Receiver))];
        long to = Timestamp.Of(due).ToNanoseconds();
        SecurityReport made = await maker.MakeAsync(report.Name, to - (long)report.Covers.TotalNanoseconds, to, report.Limit, ct);
        ReportText text = ReportRenderer.Render(made, options.ExternalUrl);
        string json = AlertMessage.Of(text, report.Name, report.Receiver, options.ExternalUrl).ToJson();
        Timestamp at = Timestamp.Of(now);
        await state.WriteAsync(writer =>
        {
            foreach (NamedNotifier mail in mails)
            {
                writer.Save(new OutboxRow
                {
                    Target = mail.Id.ToString(), Payload = json, IdempotencyKey = KeyOf(report, due, mail.Id),
                    CreatedAt = at.Milliseconds, NextTry = at.Milliseconds,
                });
            }
            writer.AddAudit(at, who, Sent, $"{text.Title}, to {report.Receiver}");
        });
        outbox.NoteQueued(mails.Count);
        LogSent(report.Name, report.Receiver);
    }

    /// <summary>The same for the same report, whoever makes it.</summary>
    private static string KeyOf(ReportOptions report, DateTimeOffset due, IntegrationId mail) => Convert.ToHexStringLower(
        SHA256.HashData(Encoding.UTF8.GetBytes($"{report.Name}\n{due.ToUnixTimeMilliseconds()}\n{mail}")).AsSpan(0, 16));

    [LoggerMessage(Level = LogLevel.Information, Message = "The report {Report} goes to {Receiver}")]
    private partial void LogSent(string report, string receiver);
}
