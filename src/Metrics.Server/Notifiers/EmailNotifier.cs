using System.Globalization;
using System.Net;
using System.Text;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;
using Metrics.Configuration;
using Metrics.Formats;
using Metrics.Model;
using Metrics.Text;
using MimeKit;
using MimeKit.Cryptography;
using MimeKit.Utils;

namespace Metrics.Notifiers;

/// <summary>Sends a message as mail: text and HTML, a picture of the first alert, in one thread a group.</summary>
/// <remarks>https://prometheus.io/docs/alerting/latest/configuration/#email_config</remarks>
internal sealed record EmailNotifier : Notifier
{
    private const int ImplicitTlsPort = 465;
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(30);
    private static readonly HeaderId[] s_signed =
        [HeaderId.From, HeaderId.To, HeaderId.Subject, HeaderId.Date, HeaderId.MessageId, HeaderId.References, HeaderId.ContentType,
            HeaderId.MimeVersion];

    public required string To { get; init; }

    public required string From { get; init; }

    public required string SmartHost { get; init; }

    public required int Port { get; init; }

    /// <summary>The name that we say HELO by; null is this machine's.</summary>
    public string? Hello { get; init; }

    public string? Username { get; init; }

    public Secret? Password { get; init; }

    /// <summary>Gives access tokens in place of a password; null is none.</summary>
    public OAuth2Options? OAuth2 { get; init; }

    /// <summary>Whether the connection must be encrypted by STARTTLS (or from the start on port 465). Default true.</summary>
    public required bool RequireTls { get; init; }

    public required TlsOptions Tls { get; init; }

    public DkimOptions? Dkim { get; init; }

    /// <summary>Whether the metric of the first alert is drawn. Default true.</summary>
    public required bool Picture { get; init; }

    public required IReadOnlyList<(string Name, MessageTemplate Value)> Headers { get; init; }

    public MessageTemplate? Text { get; init; }

    /// <summary>Template of the HTML part; texts of alerts are encoded before they reach it, and by Go's where they stand.</summary>
    public MessageTemplate? Html { get; init; }

    public static EmailNotifier Read(YamlSection section, NotifierDefaults defaults)
    {
        YamlSection global = defaults.Section;
        string? smartHost = section.Text("smarthost") ?? global.Text("smtp_smarthost");
        if (string.IsNullOrEmpty(smartHost))
            section.Report("smarthost", "is required");
        int colon = smartHost?.LastIndexOf(':') ?? 0;
        ushort port = 0;
        if (smartHost?.Length > 0 && (colon <= 0 || !ushort.TryParse(smartHost.AsSpan(colon + 1), CultureInfo.InvariantCulture, out port)))
            section.Report("smarthost", $"is '{smartHost}'; it must be HOST:PORT");
        Secret? password = Secret.Read(section, "auth_password"), globalPassword = Secret.Read(global, "smtp_auth_password");
        string? username = section.Text("auth_username") ?? global.Text("smtp_auth_username");
        foreach (string unused in new[] { "auth_identity", "auth_secret" })
            _ = (section.Text(unused), global.Text($"smtp_{unused}"));
        TlsOptions tls = TlsOptions.Read(section.Section("tls_config"));
        bool globalTls = global.Flag("smtp_require_tls", true);
        var notifier = new EmailNotifier
        {
            To = ReadMailbox(section, "to", section.Text("to")),
            From = ReadMailbox(section, "from", section.Text("from") ?? global.Text("smtp_from")),
            SmartHost = colon > 0 ? smartHost![..colon] : smartHost ?? "",
            Port = port,
            Hello = section.Text("hello") ?? global.Text("smtp_hello"),
            Username = username,
            Password = password ?? globalPassword,
            OAuth2 = section.Has("oauth2") ? OAuth2Options.Read(section.Section("oauth2")) : null,
            RequireTls = section.Flag("require_tls", globalTls),
            Tls = section.Flag("insecure_skip_verify", false) ? tls with { InsecureSkipVerify = true } : tls,
            Dkim = section.Has("dkim") ? DkimOptions.Read(section.Section("dkim")) : null,
            Picture = section.Flag("picture", true),
            Headers = ReadHeaders(section.Section("headers"), defaults),
            Text = MessageTemplate.Read(section, "text", defaults.Templates),
            Html = MessageTemplate.Read(section, "html", defaults.Templates, isHtml: true),
        };
        if (notifier.OAuth2 is not null && username is null)
            section.Report("auth_username", "is required with oauth2: the mailbox whose access the token gives");
        return notifier;
    }

    public override async Task<Delivery> SendAsync(AlertMessage message, string idempotencyKey, NotifierTools tools, CancellationToken ct)
    {
        byte[]? picture = await DrawAsync(message, tools, ct);
        using var timeout = new CancellationTokenSource(s_timeout, tools.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, ct);
        bool isWritten = false;
        try
        {
            using MimeMessage mail = Compose(message, idempotencyKey, picture, tools.Time);
            isWritten = true;
            using var client = new SmtpClient();
            if (Hello is not null)
                client.LocalDomain = Hello;
            Apply(Tls.ToClientOptions(SmartHost), client);
            SecureSocketOptions security = Port == ImplicitTlsPort ? SecureSocketOptions.SslOnConnect
                : RequireTls ? SecureSocketOptions.StartTls : SecureSocketOptions.StartTlsWhenAvailable;
            await client.ConnectAsync(SmartHost, Port, security, either.Token);
            if (OAuth2 is not null)
                await client.AuthenticateAsync(
                    new SaslMechanismOAuth2(Username!, await OAuth2.TokenAsync(tools.Time, either.Token)), either.Token);
            else if (Username is not null)
                await client.AuthenticateAsync(Username, Password?.Reveal() ?? "", either.Token);
            // Who gets it is said by the settings alone: headers are what a reader sees.
            await client.SendAsync(
                mail, InternetAddressList.Parse(From).Mailboxes.First(), InternetAddressList.Parse(To).Mailboxes, either.Token);
            await client.DisconnectAsync(true, either.Token);
            return Delivery.Sent;
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return Delivery.Retry("the mail server did not answer in time");
        }
        catch (SmtpCommandException e) when ((int)e.StatusCode >= 500)
        {
            return Delivery.Rejected($"{(int)e.StatusCode} {e.Message}");
        }
        catch (Exception e) when (e is SmtpCommandException or SmtpProtocolException or ServiceNotConnectedException
            or MailKit.Security.AuthenticationException
            or SslHandshakeException or IOException or UnauthorizedAccessException or System.Net.Sockets.SocketException
            or NotSupportedException or HttpRequestException)
        {
            return Delivery.Retry(e.Message);
        }
        catch (Exception e) when (!isWritten && !ct.IsCancellationRequested)
        {
            return Delivery.Rejected($"the mail cannot be written: {e.Message}");
        }
    }

    /// <summary>
    /// The mail: what label values hold is encoded for where it stands, so that none of it can become a header or markup.
    /// </summary>
    internal MimeMessage Compose(AlertMessage message, string idempotencyKey, byte[]? picture, TimeProvider time)
    {
        var mail = new MimeMessage { Subject = MessageText.Title(message), Date = time.GetUtcNow() };
        mail.From.AddRange(InternetAddressList.Parse(From));
        mail.To.AddRange(InternetAddressList.Parse(To));
        mail.MessageId = $"{idempotencyKey}@metricsd";
        mail.Headers.Add("X-Idempotency-Key", idempotencyKey);
        // Mails of machines are not answered by machines.
        mail.Headers.Add("Auto-Submitted", "auto-generated");
        // Templates are about alerts.
        foreach ((string name, MessageTemplate value) in message.Report is null ? Headers : [])
            SetHeader(mail, name, MessageText.OneLine(value.Render(message, MessageText.Title, time)));
        // One thread a group, so that "resolved" and "no data" stand below "firing".
        string thread = $"{Labels.Of("thread", ("group", message.GroupKey)).Fingerprint()}@metricsd";
        mail.References.Add(thread);
        mail.InReplyTo = thread;
        MessageTemplate? text = message.Report is null ? Text : null;
        var body = new BodyBuilder { TextBody = text?.Render(message, MessageText.Plain, time) ?? MessageText.Plain(message) };
        string? image = null;
        if (picture is not null)
        {
            MimeEntity drawn = body.LinkedResources.Add("alert.png", picture, new ContentType("image", "png"));
            drawn.ContentId = image = MimeUtils.GenerateMessageId("metricsd");
        }
        body.HtmlBody = message.Report?.Html
            ?? Html?.Render(Html.IsGo ? message : Encoded(message), m => EmailHtml.Encode(MessageText.Plain(m)), time)
            ?? EmailHtml.Write(message, image);
        mail.Body = body.ToMessageBody();
        if (Dkim is not null)
        {
            mail.Prepare(EncodingConstraint.SevenBit);
            Dkim.Signer().Sign(mail, s_signed);
        }
        return mail;
    }

    /// <summary>A mail goes out without a header that says nothing, or that cannot be written, rather than not at all.</summary>
    private static void SetHeader(MimeMessage mail, string name, string value)
    {
        if (value.Length == 0)
            return;
        try
        {
            mail.Headers[name] = value;
        }
        catch (Exception e) when (e is ArgumentException or FormatException)
        {
            mail.Headers.RemoveAll(name);
        }
    }

    /// <summary>A mail goes out without its picture rather than not at all.</summary>
    private async Task<byte[]?> DrawAsync(AlertMessage message, NotifierTools tools, CancellationToken ct)
    {
        if (!Picture || message.WorstFirst.FirstOrDefault()?.Source is not { } source)
            return null;
        return await tools.Pictures.DrawAsync(source, tools.Time.GetUtcNow().ToUnixTimeMilliseconds(), ct);
    }

    private static void Apply(System.Net.Security.SslClientAuthenticationOptions tls, SmtpClient client)
    {
        client.CheckCertificateRevocation = false;
        client.ClientCertificates = tls.ClientCertificates;
        if (tls.ToCallback() is { } check)
            client.ServerCertificateValidationCallback = check;
    }

    private static AlertMessage Encoded(AlertMessage message) => message with
    {
        Note = message.Note is { } note ? EmailHtml.Encode(note) : null,
        GroupLabels = Encoded(message.GroupLabels),
        CommonLabels = Encoded(message.CommonLabels),
        CommonAnnotations = Encoded(message.CommonAnnotations),
        Alerts =
        [
            .. message.Alerts.Select(a => a with
            {
                Labels = Encoded(a.Labels), Annotations = Encoded(a.Annotations), GeneratorUrl = EmailHtml.Encode(a.GeneratorUrl),
                Source = a.Source is { } source
                    ? source with
                    {
                        Series = Encoded(source.Series), Reading = source.Reading is { } reading ? EmailHtml.Encode(reading) : null,
                    }
                    : null,
            }),
        ],
    };

    /// <summary>Labels of a series, from which titles are made.</summary>
    private static string Encoded(string series) => LabelsJson.Write(
        Labels.Of([.. LabelsJson.Read(series).Select(l => new Label(l.Name, EmailHtml.Encode(l.Value)))]));

    private static Dictionary<string, string> Encoded(IReadOnlyDictionary<string, string> texts) =>
        texts.ToDictionary(t => t.Key, t => EmailHtml.Encode(t.Value));

    private static IReadOnlyList<(string Name, MessageTemplate Value)> ReadHeaders(YamlSection section, NotifierDefaults defaults)
    {
        IReadOnlyList<(string Name, MessageTemplate Value)> headers = MessageTemplate.ReadAll(section, defaults.Templates);
        foreach ((string name, _) in headers.Where(h => h.Name.Length == 0 || !h.Name.All(c => c is > ' ' and <= '~' and not ':')))
            section.Report(name, "is no name of a header: letters, digits and hyphens are allowed");
        return headers;
    }

    private static string ReadMailbox(YamlSection section, string key, string? text)
    {
        if (string.IsNullOrEmpty(text))
            section.Report(key, "is required");
        else if (!InternetAddressList.TryParse(text, out InternetAddressList? found) || !found.Mailboxes.Any())
            section.Report(key, $"is '{text}', which is not an e-mail address");
        return text ?? "";
    }
}
