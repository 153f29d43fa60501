using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Metrics.Configuration;
using Metrics.Model;
using Metrics.Text;

namespace Metrics.Notifiers;

/// <summary>One RFC 5424 message an alert, octet-counted over TCP (RFC 6587) or TLS (RFC 5425).</summary>
/// <remarks>Syslog has no answer: what the kernel of the other side has taken counts as sent.</remarks>
internal sealed record SyslogNotifier : Notifier
{
    private const int DefaultFacility = 16;   // local0
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(10);

    public required string Host { get; init; }

    public required int Port { get; init; }

    /// <summary>Null is plain TCP.</summary>
    public TlsOptions? Tls { get; init; }

    public required int Facility { get; init; }

    public required string AppName { get; init; }

    public static SyslogNotifier Read(YamlSection section, NotifierDefaults defaults)
    {
        string address = section.RequiredText("address");
        int colon = address.LastIndexOf(':');
        ushort port = 0;
        if (address.Length > 0 && (colon <= 0 || !ushort.TryParse(address.AsSpan(colon + 1), CultureInfo.InvariantCulture, out port)))
            section.Report("address", $"is '{address}'; it must be HOST:PORT");
        bool isTls = section.Choice("transport", "tcp", "tcp", "tls") == "tls";
        var tls = TlsOptions.Read(section.Section("tls_config"));
        return new SyslogNotifier
        {
            Host = colon > 0 ? address[..colon].Trim('[', ']') : address,
            Port = port,
            Tls = isTls ? tls : null,
            Facility = section.Number("facility", DefaultFacility, 0, 23),
            AppName = section.Text("app_name", "metricsd"),
        };
    }

    public override async Task<Delivery> SendAsync(AlertMessage message, string idempotencyKey, NotifierTools tools, CancellationToken ct)
    {
        using var limit = new CancellationTokenSource(s_timeout, tools.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, ct);
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(Host, Port, either.Token);
            Stream stream = client.GetStream();
            if (Tls is not null)
            {
                var ssl = new SslStream(stream);
                await ssl.AuthenticateAsClientAsync(Tls.ToClientOptions(Host), either.Token);
                stream = ssl;
            }
            await using Stream to = stream;
            foreach (MessageAlert alert in message.Alerts)
            {
                byte[] line = Encoding.UTF8.GetBytes(Line(alert, idempotencyKey, tools.Time.GetUtcNow()));
                await to.WriteAsync(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{line.Length} ")), either.Token);
                await to.WriteAsync(line, either.Token);
            }
            await to.FlushAsync(either.Token);
            client.Client.Shutdown(SocketShutdown.Send);
            // The other side closes when it has read all; one that stays open has it too.
            return Delivery.Sent;
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return Delivery.Retry($"no connection within {Duration.Format(s_timeout)}");
        }
        catch (Exception e) when (e is SocketException or IOException or System.Security.Authentication.AuthenticationException)
        {
            return Delivery.Retry(e.Message);
        }
    }

    internal string Line(MessageAlert alert, string idempotencyKey, DateTimeOffset now)
    {
        int severity = alert.Status == "resolved"
            ? 5
            : alert.Labels.GetValueOrDefault("severity") switch { "critical" or "page" => 2, "warning" => 4, "info" => 6, _ => 3 };
        var data = new StringBuilder("[alert@32473 status=\"").Append(alert.Status).Append("\" key=\"").Append(idempotencyKey).Append('"');
        foreach ((string name, string value) in alert.Labels.Where(l => l.Key.Length <= 32))
            data.Append(' ').Append(Name(name)).Append("=\"").Append(Escape(value)).Append('"');
        string text =
            MessageText.OneLine($"{alert.Status.ToUpperInvariant()} {alert.Labels.GetValueOrDefault("alertname")} "
                + $"{alert.Annotations.GetValueOrDefault("summary")}");
        string origin = string.Create(
            CultureInfo.InvariantCulture, $"{Ascii(Environment.MachineName, 255)} {Ascii(AppName, 48)} {Environment.ProcessId}");
        return string.Create(
            CultureInfo.InvariantCulture,
            $"<{(Facility * 8) + severity}>1 {Timestamp.Of(now)} {origin} alert {data}] \uFEFF{text}");
    }

    /// <summary>RFC 5424, 6.3.3: these three are escaped. Line breaks would be allowed, but few readers bear them.</summary>
    private static string Escape(string value) =>
        MessageText.OneLine(value).Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)
            .Replace("]", "\\]", StringComparison.Ordinal);

    /// <summary>RFC 5424, 6.3.2: printable ASCII but for what ends a name; labels may have any.</summary>
    private static string Name(string label) =>
        new([.. label.Select(c => c is > ' ' and <= '~' and not ('=' or ']' or '"') ? c : '_')]);

    private static string Ascii(string text, int max)
    {
        string printable = new([.. text.Where(c => c is > ' ' and <= '~').Take(max)]);
        return printable.Length > 0 ? printable : "-";
    }
}
