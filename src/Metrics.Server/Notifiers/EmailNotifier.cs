using System.Net;
using System.Text;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;
using Metrics.Alerting;
using Metrics.Configuration;
using MimeKit;

namespace Metrics.Notifiers;

/// <summary>Sends a message as mail, as text and as HTML. Sends once.</summary>
internal sealed class EmailNotifier(TimeProvider time)
{
    private const int ImplicitTlsPort = 465;
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(30);

    public async Task<Delivery> SendAsync(EmailOptions options, WebhookMessage message, string idempotencyKey, CancellationToken ct)
    {
        using var timeout = new CancellationTokenSource(s_timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, ct);
        try
        {
            using var client = new SmtpClient();
            if (!options.VerifyCertificate)
            {
#pragma warning disable CA5359 // The operator asked for it, by a key that says what it is.
                client.ServerCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359
            }
            SecureSocketOptions security = options.Port == ImplicitTlsPort ? SecureSocketOptions.SslOnConnect
                : options.RequireTls ? SecureSocketOptions.StartTls : SecureSocketOptions.StartTlsWhenAvailable;
            await client.ConnectAsync(options.SmartHost, options.Port, security, either.Token);
            if (options.Username is not null)
                await client.AuthenticateAsync(options.Username, options.Password?.Reveal() ?? "", either.Token);
            await client.SendAsync(Compose(options, message, idempotencyKey, time.GetUtcNow()), either.Token);
            await client.DisconnectAsync(true, either.Token);
            return new Delivery(DeliveryStatus.Sent);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return new Delivery(DeliveryStatus.Retry, "the mail server did not answer in time");
        }
        catch (SmtpCommandException e) when ((int)e.StatusCode >= 500)
        {
            return new Delivery(DeliveryStatus.Rejected, $"{(int)e.StatusCode} {e.Message}");
        }
        catch (Exception e) when (e is SmtpCommandException or SmtpProtocolException or ServiceNotConnectedException or AuthenticationException
            or SslHandshakeException or IOException or System.Net.Sockets.SocketException or NotSupportedException)
        {
            return new Delivery(DeliveryStatus.Retry, e.Message);
        }
    }

    /// <summary>The mail: what label values hold is encoded for where it stands, so that none of it can become a header or markup.</summary>
    internal static MimeMessage Compose(EmailOptions options, WebhookMessage message, string idempotencyKey, DateTimeOffset now)
    {
        var mail = new MimeMessage { Subject = OneLine(Subject(message)), Date = now };
        mail.From.AddRange(InternetAddressList.Parse(options.From));
        mail.To.AddRange(InternetAddressList.Parse(options.To));
        mail.MessageId = $"{idempotencyKey}@metricsd";
        mail.Headers.Add("X-Idempotency-Key", idempotencyKey);
        // One thread an alerting rule, so that "resolved" stands below "firing".
        string thread = $"{Model.Labels.Of("thread", ("group", message.GroupKey)).Fingerprint()}@metricsd";
        mail.References.Add(thread);
        mail.InReplyTo = thread;
        mail.Body = new BodyBuilder { TextBody = Text(message), HtmlBody = Html(message) }.ToMessageBody();
        return mail;
    }

    private static string Subject(WebhookMessage message)
    {
        int firing = message.Alerts.Count(a => a.Status == "firing");
        string state = firing > 0 ? $"[FIRING:{firing}]" : "[RESOLVED]";
        string about = message.CommonAnnotations.GetValueOrDefault("summary")
            ?? string.Join(' ', message.CommonLabels.Where(l => l.Key != "alertname").Select(l => l.Value));
        return $"{state} {message.CommonLabels.GetValueOrDefault("alertname")} {about}".Trim();
    }

    private static string Text(WebhookMessage message)
    {
        var text = new StringBuilder();
        foreach (WebhookAlert alert in message.Alerts)
        {
            text.Append(alert.Status.ToUpperInvariant()).Append(": ").AppendLine(alert.Labels.GetValueOrDefault("alertname", ""));
            foreach ((string name, string value) in alert.Annotations)
                text.Append("  ").Append(name).Append(": ").AppendLine(value);
            text.AppendLine("  labels:");
            foreach ((string name, string value) in alert.Labels.Where(l => l.Key != "alertname"))
                text.Append("    ").Append(name).Append(" = ").AppendLine(value);
            text.Append("  since ").AppendLine(alert.StartsAt);
            if (alert.Status == "resolved")
                text.Append("  until ").AppendLine(alert.EndsAt);
            text.AppendLine();
        }
        return text.Append(message.ExternalUrl).AppendLine("/").ToString();
    }

    private static string Html(WebhookMessage message)
    {
        var html = new StringBuilder("<!DOCTYPE html><html><body style=\"font-family:sans-serif;font-size:14px\">");
        foreach (WebhookAlert alert in message.Alerts)
        {
            string colour = alert.Status == "firing" ? "#b00020" : "#1b7f3b";
            html.Append($"<h3 style=\"color:{colour}\">").Append(Encode(alert.Status.ToUpperInvariant())).Append(": ").Append(Encode(alert.Labels.GetValueOrDefault("alertname", ""))).Append("</h3>");
            foreach ((string name, string value) in alert.Annotations)
                html.Append("<p><b>").Append(Encode(name)).Append("</b>: ").Append(Encode(value)).Append("</p>");
            html.Append("<table>");
            foreach ((string name, string value) in alert.Labels.Where(l => l.Key != "alertname"))
                html.Append("<tr><td style=\"color:#555;padding-right:1em\">").Append(Encode(name)).Append("</td><td>").Append(Encode(value)).Append("</td></tr>");
            html.Append("</table><p style=\"color:#555\">since ").Append(Encode(alert.StartsAt));
            if (alert.Status == "resolved")
                html.Append(", until ").Append(Encode(alert.EndsAt));
            html.Append("</p>");
        }
        return html.Append("<p><a href=\"").Append(Encode(message.ExternalUrl)).Append("/\">metricsd</a></p></body></html>").ToString();
    }

    private static string Encode(string text) => WebUtility.HtmlEncode(text);

    private static string OneLine(string text) => string.Join(' ', text.Split((char[])['\r', '\n', '\t', '\0'], StringSplitOptions.RemoveEmptyEntries));
}
