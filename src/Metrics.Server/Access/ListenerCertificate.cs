using System.Net.Security;
using Metrics.Configuration;
using Metrics.Telemetry;

namespace Metrics.Access;

/// <summary>How the listener's certificate fares; without TLS there are no series.</summary>
internal sealed class ListenerMetrics(MetricRegistry registry) : OwnMetrics(registry)
{
    public Labelled<Gauge> Expiry { get; } = registry.Gauge(
        "metricsd_listener_certificate_expiry_timestamp_seconds", "When the certificate of API and pages ends.", "listen");

    public Labelled<Gauge> LastReload { get; } = registry.Gauge(
        "metricsd_listener_certificate_last_reload_successful", "Whether its files could be used as they are now.", "listen");
}

/// <summary>
/// What the listener shows, and asks of clients. Its files are looked at with every handshake and read again when they have changed; when
/// they cannot be used as they are now, what was read before stays in use. Safe for use by several threads.
/// </summary>
internal sealed partial class ListenerCertificate
{
    private readonly Lock _lock = new();
    private readonly ListenAddress _listen;
    private readonly ListenerTlsOptions _options;
    private readonly ListenerMetrics _metrics;
    private readonly ILogger<ListenerCertificate> _log;
    private SslServerAuthenticationOptions _current;
    private string _state;

    /// <exception cref="ConfigurationException">The files cannot be used.</exception>
    public ListenerCertificate(ListenAddress listen, ListenerTlsOptions options, ListenerMetrics metrics, ILogger<ListenerCertificate> log)
    {
        (_listen, _options, _metrics, _log, _state) = (listen, options, metrics, log, StateOf(options));
        _current = options.TryCreate(out string? fault)
            ?? throw new ConfigurationException([new Text.Problem("tls_server_config", 0, 0, fault!)]);
        Show();
        // Nobody may come for days.
        metrics.BeforeCollect(() => Current());
    }

    /// <summary>Options for the next handshake.</summary>
    public SslServerAuthenticationOptions Current()
    {
        lock (_lock)
        {
            string state = StateOf(_options);
            if (state == _state)
                return _current;
            _state = state;
            if (_options.TryCreate(out string? fault) is { } renewed)
            {
                _current = renewed;
                Show();
                LogRenewed(_listen.Text);
            }
            else
            {
                _metrics.LastReload.WithLabels(_listen.Text).Set(0);
                LogStays(_listen.Text, fault!);
            }
            return _current;
        }
    }

    private void Show()
    {
        DateTime end = _current.ServerCertificateContext!.TargetCertificate.NotAfter;
        _metrics.Expiry.WithLabels(_listen.Text).Set(new DateTimeOffset(end).ToUnixTimeSeconds());
        _metrics.LastReload.WithLabels(_listen.Text).Set(1);
    }

    private static string StateOf(ListenerTlsOptions options) => string.Join('|', options.Files.Select(FileState.Of));

    [LoggerMessage(Level = LogLevel.Information, Message = "The certificate of {Listen} is read again")]
    private partial void LogRenewed(string listen);

    [LoggerMessage(Level = LogLevel.Error, Message = "The certificate of {Listen} cannot be used as it is, the one before stays: {Reason}")]
    private partial void LogStays(string listen, string reason);
}
