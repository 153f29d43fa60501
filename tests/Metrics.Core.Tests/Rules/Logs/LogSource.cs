namespace Metrics.Tests.Rules.Logs;

/// <summary>A source of logs with a rhythm of its own.</summary>
/// <param name="Host">The machine.</param>
/// <param name="Service">The service.</param>
/// <param name="Lines">How many lines of which level it writes in the minute that begins then.</param>
internal sealed record LogSource(string Host, string Service, Func<DateTime, Random, IEnumerable<(string Level, int Lines)>> Lines)
{
    /// <summary>Whether OpenStack knows it as an agent, and whether that is alive.</summary>
    public bool IsAgent => Service == "nova-compute";

    /// <summary>The machines of a small cloud, as they speak in a week.</summary>
    public static IReadOnlyList<LogSource> Cloud { get; } =
    [
        // APIs that people use: by day much, by night and at the weekend little; each request is a line, a few go wrong.
        Api("ctl-1", "nova-api", busy: 20, quiet: 3), Access("ctl-1", "keystone", busy: 30, quiet: 6), Api("ctl-1", "keystone", 30, 6),
        Api("ctl-1", "neutron-server", busy: 8, quiet: 4),
        // Few lines an hour, whenever it happens.
        new("ctl-1", "rabbitmq", (_, random) => [("info", Poisson(random, 3 / 60.0)), ("warning", Poisson(random, 1 / 600.0))]),
        // Debug is on here, and chatty.
        new("ctl-1", "cinder-volume", (_, random) =>
            [("debug", Poisson(random, 9)), ("info", Poisson(random, 1)), ("warning", Poisson(random, 0.05))]),
        // Logins: by day and on weekdays nearly all of them.
        new("ctl-1", "sshd", (at, random) => [("info", Poisson(random, IsOffice(at) ? 0.1 : 0.01)), ("err", Poisson(random, 0.004))]),
        // Timers: to the minute.
        new("ctl-1", "CRON", (at, _) => [("unknown", at.Minute % 10 == 5 ? 2 : 0)]),
        new("ctl-1", "backup", (at, random) => [("info", at.Hour == 2 && at.Minute is >= 15 and < 35 ? 1 + Poisson(random, 4) : 0)]),
        new("ctl-1", "report", (at, _) => [("info", at is { DayOfWeek: DayOfWeek.Sunday, Hour: 4, Minute: < 6 } ? 5 : 0)]),
        new("ctl-1", "logrotate", (at, _) => [("info", at is { Hour: 0, Minute: 0 } ? 3 : 0)]),
        .. Enumerable.Range(1, 2).SelectMany(n => Compute($"cmp-{n}")),
        // A machine that does next to nothing, and one that is used in the office alone.
        new("ntp-1", "CRON", (at, _) => [("unknown", at.Minute == 17 ? 2 : 0)]),
        new("ntp-1", "anacron", (at, _) => [("info", at is { Hour: 6, Minute: 25 } ? 4 : 0)]),
        new("files-1", "smbd", (at, random) =>
            [("info", Poisson(random, IsOffice(at) ? 4 : 0)), ("err", Poisson(random, IsOffice(at) ? 0.02 : 0))]),
        new("files-1", "CRON", (at, _) => [("unknown", at.Minute == 17 ? 2 : 0)]),
    ];

    private static IEnumerable<LogSource> Compute(string host) =>
    [
        new(host, "nova-compute", (_, random) => [("info", 1 + Poisson(random, 0.3)), ("warning", Poisson(random, 0.01))]),
        new(host, "neutron-openvswitch-agent", (_, random) => [("info", Poisson(random, 0.5)), ("warning", Poisson(random, 0.005))]),
        new(host, "libvirtd", (_, random) => [("err", Poisson(random, 4 / 1440.0))]),
        new(host, "CRON", (at, _) => [("unknown", at.Minute == 17 ? 2 : 0)]),
    ];

    private static LogSource Api(string host, string service, double busy, double quiet) => new(host, service, (at, random) =>
    [
        ("info", Poisson(random, Rate(at, busy, quiet))), ("warning", Poisson(random, Rate(at, busy, quiet) / 200)),
        ("err", Poisson(random, 0.002)),
    ]);

    private static LogSource Access(string host, string service, double busy, double quiet) =>
        new(host, $"{service}_access", (at, random) => [("unknown", Poisson(random, Rate(at, busy, quiet)))]);

    private static double Rate(DateTime at, double busy, double quiet) => IsOffice(at) ? busy : quiet;

    private static bool IsOffice(DateTime at) =>
        at.DayOfWeek is not (DayOfWeek.Saturday or DayOfWeek.Sunday) && at.Hour is >= 8 and < 18;

    /// <summary>How often something happens that happens by chance.</summary>
    public static int Poisson(Random random, double mean)
    {
        double limit = Math.Exp(-mean), product = random.NextDouble();
        int count = 0;
        for (; product > limit; count++)
            product *= random.NextDouble();
        return count;
    }
}
