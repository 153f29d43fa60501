using Metrics.Model;

namespace Metrics.Tests.Rules.Logs;

/// <summary>
/// An API that people and programs use: each request is a line of whoever sees it, and lines of the service, as many as its kind has.
/// </summary>
/// <param name="host">The machine.</param>
/// <param name="service">The service, as its lines name it.</param>
/// <param name="witness">Who tells of its requests.</param>
/// <param name="api">How the witness names it.</param>
/// <param name="busy">Requests a minute in the office.</param>
/// <param name="quiet">The same at night and at the weekend.</param>
internal sealed class LogTraffic(string host, string service, LogTraffic.Witness witness, string api, double busy, double quiet)
{
    private const string Lines = "log_messages_total", Requests = "log_requests_total";

    private DateTime _hour;
    private double _writes;

    /// <summary>Who tells of requests.</summary>
    public enum Witness
    {
        AccessLog, Proxy, ItsLog,
    }

    /// <summary>Since when it is muted in part.</summary>
    public DateTime? MutedFrom { get; init; }

    /// <summary>Which share of the lines that are no requests is written from then on.</summary>
    public double Kept { get; init; } = 1;

    /// <summary>Whether its lines of requests are written from then on.</summary>
    public bool KeepsRequests { get; init; } = true;

    /// <summary>By what requests grow from then on; what is asked stays the same.</summary>
    public double Grows { get; init; } = 1;

    /// <summary>When it is started again or has a fault, and for how many minutes.</summary>
    public (DateTime At, int Minutes)? Down { get; init; }

    /// <summary>What comes of one minute.</summary>
    public void Write(DateTime at, Random random, Dictionary<Labels, int> to)
    {
        Change(at, random);
        bool isMuted = at >= MutedFrom, isDown = IsDown(at);
        double rate = (IsOffice(at) ? busy : quiet) * (isMuted ? Grows : 1);
        int good = 0, lines = 0;
        int count = Poisson(random, rate);
        for (int i = 0; i < count; i++)
        {
            // Now and then one goes wrong; what is there for reading is cheap, what makes something says much.
            bool isGood = !isDown && random.NextDouble() > 0.02;
            good += isGood ? 1 : 0;
            for (int n = isDown ? 0 : random.NextDouble() < _writes ? 5 + Poisson(random, 2) : 1; n > 0; n--)
                lines += !isMuted || random.NextDouble() < Kept ? 1 : 0;
        }
        // A start says what it starts.
        if (!isDown && IsDown(at.AddMinutes(-1)))
            lines += 40;
        bool tells = witness == Witness.ItsLog || !isMuted || KeepsRequests;
        int own = witness == Witness.AccessLog || isDown || !tells ? 0 : count;
        Add(to, lines + own, Lines, ("service", service), ("level", "info"));
        Add(to, Math.Min(own, good), Requests, ("service", service), ("level", "info"), ("status", "2xx"));
        Add(to, Math.Max(0, own - good), Requests, ("service", service), ("level", "info"), ("status", "4xx"));
        string failed = isDown ? "5xx" : "4xx";
        if (witness == Witness.AccessLog)
        {
            Add(to, count, Lines, ("service", $"{api}_access"), ("level", "unknown"));
            Add(to, good, Requests, ("service", $"{api}_access"), ("level", "unknown"), ("status", "2xx"));
            Add(to, count - good, Requests, ("service", $"{api}_access"), ("level", "unknown"), ("status", failed));
        }
        if (witness == Witness.Proxy)
        {
            string server = $"{api}_back/{host}";
            Add(to, good, Requests, ("service", "haproxy"), ("level", "info"), ("status", "2xx"), ("server", server));
            Add(to, count - good, Requests, ("service", "haproxy"), ("level", "info"), ("status", failed), ("server", server));
        }
    }

    /// <summary>Fewer make something by night; no two hours are alike.</summary>
    private void Change(DateTime at, Random random)
    {
        if (at.AddMinutes(-at.Minute) == _hour)
            return;
        _hour = at.AddMinutes(-at.Minute);
        _writes = (IsOffice(at) ? 0.1 : 0.03) * (0.5 + random.NextDouble());
    }

    /// <summary>Whether the database that all of them need does not answer.</summary>
    public static bool IsFault(DateTime at) => at is { DayOfWeek: DayOfWeek.Friday, Day: > 7, Hour: 11, Minute: < 25 };

    /// <summary>It is started again on Wednesdays, and has a fault on the second Friday.</summary>
    private bool IsDown(DateTime at) =>
        at is { DayOfWeek: DayOfWeek.Wednesday, Hour: 14, Minute: 30 or 31 }
        || IsFault(at)
        || (Down is { } down && at >= down.At && at < down.At.AddMinutes(down.Minutes));

    private void Add(Dictionary<Labels, int> to, int count, string metric, params (string Name, string Value)[] labels)
    {
        if (count == 0)
            return;
        Labels series = Labels.Of(metric, [("host", host), .. labels]);
        to[series] = to.GetValueOrDefault(series) + count;
    }

    private static bool IsOffice(DateTime at) =>
        at.DayOfWeek is not (DayOfWeek.Saturday or DayOfWeek.Sunday) && at.Hour is >= 8 and < 18;

    private static int Poisson(Random random, double mean) => LogSource.Poisson(random, mean);
}
