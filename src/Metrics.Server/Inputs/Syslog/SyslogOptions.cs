using System.Net;
using Metrics.Configuration;
using Metrics.Formats.Syslog;
using Metrics.Inputs.Streams;
using Metrics.Text;

namespace Metrics.Inputs.Syslog;

/// <summary>How syslog comes.</summary>
internal enum SyslogTransport
{
    Udp,
    Tcp,
    Relp,
}

/// <summary>One entry of <c>inputs.syslog</c>.</summary>
internal sealed record SyslogOptions : InputOptions
{
    private const int DefaultMaxMessage = 64 * 1024;
    private const int LargestMaxMessage = Model.EventBounds.MaxBodyLength;
    private const int DefaultReceiveBuffer = 8 * 1024 * 1024;
    private const int DefaultMaxConnections = 1000;

    /// <summary>The scheme of <c>listen</c>.</summary>
    public required SyslogTransport Transport { get; init; }

    /// <summary>Address and port of <c>listen</c>.</summary>
    public required IPEndPoint Listen { get; init; }

    /// <summary><c>listen</c> as it is written.</summary>
    public required string Url { get; init; }

    /// <summary>Certificates; null is in the clear.</summary>
    public TlsOptions? Tls { get; init; }

    /// <summary>Who may send. Default: everybody who reaches a loopback address; elsewhere it must be given.</summary>
    public required AllowList AllowFrom { get; init; }

    /// <summary>How messages are told apart on TCP. Default: found out for each.</summary>
    public required SyslogFraming Framing { get; init; }

    /// <summary>Where times without zone are from. Default: the daemon's own zone.</summary>
    public required TimeZoneInfo TimeZone { get; init; }

    /// <summary>Bytes of the longest message that is kept whole. Default 64 KiB, and no more: longer texts are kept of no event.</summary>
    public required int MaxMessageBytes { get; init; }

    /// <summary>What those who connect may take. Default 1,000 connections, and one hour of silence.</summary>
    public required StreamLimits Limits { get; init; }

    /// <summary>What the kernel is asked to keep for us of UDP. Default 8 MiB; <c>net.core.rmem_max</c> bounds it.</summary>
    public required int ReceiveBufferBytes { get; init; }

    /// <inheritdoc />
    public override string Name => $"syslog/{Url}";

    /// <inheritdoc />
    public override string Kind => "syslog";

    /// <inheritdoc />
    public override IInput Create(InputTools tools) => Transport switch
    {
        SyslogTransport.Udp => new SyslogUdpInput(this, tools.Time),
        SyslogTransport.Tcp => new SyslogTcpInput(this, tools.Time),
        _ => new RelpInput(this, tools.Time),
    };

    /// <summary>The listener of the transports that connect.</summary>
    public StreamServer CreateServer(InputCounters counters, TimeProvider time) =>
        new(Listen, AllowFrom, Tls is null ? null : new ServerTls(Tls), Limits, counters, time);

    /// <summary>Reads <c>inputs.syslog</c>.</summary>
    public static IEnumerable<SyslogOptions> Read(YamlSection inputs)
    {
        var all = new List<SyslogOptions>();
        foreach (YamlSection section in inputs.Sections("syslog"))
        {
            SyslogOptions? one = ReadOne(section);
            section.Finish();
            if (one is null)
                continue;
            if (all.Exists(
                o => o.Transport == SyslogTransport.Udp == (one.Transport == SyslogTransport.Udp) && o.Listen.Equals(one.Listen)))
                section.Report("listen", $"is '{one.Url}', where another input of this list listens already");
            else
                all.Add(one);
        }
        return all;
    }

    private static SyslogOptions? ReadOne(YamlSection section)
    {
        string url = section.RequiredText("listen");
        ListenUrl? listen = ListenUrl.Parse(url);
        if (listen is null && url.Length > 0)
        {
            section.Report("listen", $"is '{url}'; it must be SCHEME://ADDRESS:PORT with a numeric address, such as tcp://[::]:514; "
                + $"schemes are {string.Join(", ", ListenUrl.Schemes)}");
        }
        SyslogTransport transport = listen?.Transport ?? SyslogTransport.Tcp;
        bool isUdp = transport == SyslogTransport.Udp;
        TlsOptions? tls = ReadTls(section, listen);
        var options = new SyslogOptions
        {
            Transport = transport,
            Listen = listen?.EndPoint ?? new IPEndPoint(IPAddress.Loopback, 0),
            Url = url,
            Tls = tls,
            AllowFrom = AllowList.Read(section),
            Framing = ReadFraming(section, transport),
            TimeZone = InputZone.Read(section),
            MaxMessageBytes = ReadSize(section, "max_message_size", DefaultMaxMessage, 480, LargestMaxMessage),
            Limits = new StreamLimits(
                ReadFor(section, !isUdp, "max_connections", "udp", DefaultMaxConnections,
                    s => s.Number("max_connections", DefaultMaxConnections, min: 1, max: 100_000)),
                ReadFor(section, !isUdp, "idle_timeout", "udp", TimeSpan.FromHours(1),
                    s => s.Duration("idle_timeout", TimeSpan.FromHours(1), min: TimeSpan.FromSeconds(1)))),
            ReceiveBufferBytes = ReadFor(section, isUdp, "receive_buffer", "what connects", DefaultReceiveBuffer,
                s => ReadSize(s, "receive_buffer", DefaultReceiveBuffer, 4096, 1 << 30)),
        };
        bool checksCertificates = tls?.CaFile is not null;
        if (listen is { IsLoopback: false } && options.AllowFrom.IsOpen && !checksCertificates)
            section.Report(
                "listen",
                $"is '{url}', which others can reach; that needs allow_from, or a ca_file in tls_config that checks who they are");
        return listen is null ? null : options;
    }

    private static TlsOptions? ReadTls(YamlSection section, ListenUrl? listen)
    {
        if (listen is not { IsTls: true })
        {
            if (section.Has("tls_config"))
                section.Report("tls_config", "needs a listen with tls:// or relp+tls://");
            return null;
        }
        if (!section.Has("tls_config"))
        {
            section.Report("tls_config", "with cert_file and key_file is required for TLS");
            return null;
        }
        YamlSection tls = section.Section("tls_config");
        foreach (string key in (ReadOnlySpan<string>)["server_name", "insecure_skip_verify"])
        {
            if (tls.Has(key))
                tls.Report(key, "is for those who connect; here others connect");
        }
        if (!tls.Has("cert_file"))
            tls.Report("cert_file", "is required: the certificate that senders see");
        return TlsOptions.Read(tls);
    }

    private static SyslogFraming ReadFraming(YamlSection section, SyslogTransport transport)
    {
        string framing = ReadFor(section, transport == SyslogTransport.Tcp, "framing", "udp and relp", "auto",
            static s => s.Choice("framing", "auto", "auto", "octet", "newline"));
        return framing switch
        {
            "octet" => SyslogFraming.OctetCounting,
            "newline" => SyslogFraming.NewLine,
            _ => SyslogFraming.Auto,
        };
    }

    private static int ReadSize(YamlSection section, string key, int @default, int min, int max)
    {
        long size = section.Bytes(key, @default, min);
        if (size <= max)
            return (int)size;
        section.Report(key, $"must be at most {max} bytes");
        return @default;
    }

    /// <summary>A key that only some transports have.</summary>
    private static T ReadFor<T>(YamlSection section, bool applies, string key, string others, T @default, Func<YamlSection, T> read)
    {
        if (applies)
            return read(section);
        if (section.Has(key))
            section.Report(key, $"means nothing for {others}");
        return @default;
    }
}
