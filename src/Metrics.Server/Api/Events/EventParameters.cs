using System.Globalization;
using Metrics.Api.Prometheus;
using Metrics.Formats.EventJson;
using Metrics.Model;
using Metrics.Routing;
using Metrics.Series;
using Metrics.Storage.Events;

namespace Metrics.Api.Events;

/// <summary>The parameters of a request for events.</summary>
internal static class EventParameters
{
    public const int DefaultLimit = 100;
    public const int MaxLimit = 10_000;

    /// <exception cref="ApiException">One of them is wrong.</exception>
    public static EventQuery Read(HttpRequest request, DateTimeOffset now)
    {
        IQueryCollection query = request.Query;
        string order = query["order"].FirstOrDefault() ?? "newest";
        return new EventQuery
        {
            Matchers = [.. query["match[]"].SelectMany(m => Matchers(m ?? ""))],
            From = Time(query, "from", now) ?? long.MinValue,
            To = Time(query, "to", now) ?? long.MaxValue,
            Text = query["text"].FirstOrDefault() ?? "",
            After = Cursor(query["after"].FirstOrDefault(), "after"),
            NewestFirst = order switch
            {
                "newest" => true,
                "oldest" => false,
                _ => throw ApiException.BadParameter("order", $"\"{order}\" is neither newest nor oldest"),
            },
            Limit = Limit(query["limit"].FirstOrDefault()),
        };
    }

    /// <summary>The place in the log that a follower names; null when it names none.</summary>
    public static long? Cursor(string? text, string name)
    {
        if (string.IsNullOrEmpty(text))
            return null;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long id)
            ? id
            : throw ApiException.BadParameter(name, $"\"{text}\" is no id of an event");
    }

    private static IReadOnlyList<LabelMatcher> Matchers(string text)
    {
        try
        {
            return MatcherText.Parse(text);
        }
        catch (FormatException e)
        {
            throw ApiException.BadParameter("match[]", e.Message);
        }
    }

    /// <summary>Seconds since 1970 with a fraction, RFC 3339, or a duration back from now.</summary>
    public static long? Time(IQueryCollection query, string name, DateTimeOffset now)
    {
        if (query[name].FirstOrDefault() is not { Length: > 0 } text)
            return null;
        if (EventTime.TryParse(text, out long nanoseconds))
            return nanoseconds;
        const NumberStyles Plain = NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign;
        if (decimal.TryParse(text, Plain, CultureInfo.InvariantCulture, out decimal seconds) && Math.Abs(seconds) < 9_000_000_000)
            return (long)(seconds * 1_000_000_000);
        if (Duration.TryParse(text, out TimeSpan back))
            return (Timestamp.Of(now) - back).ToNanoseconds();
        throw ApiException.BadParameter(
            name, $"cannot parse \"{text}\": write 2026-01-31T12:00:00Z, seconds since 1970, or 1h for an hour ago");
    }

    /// <summary>The time from <c>from</c> to <c>to</c>, nanoseconds since 1970 UTC.</summary>
    /// <param name="query">The parameters.</param>
    /// <param name="now">Now.</param>
    /// <param name="back">How long it is unless they say so.</param>
    public static (long From, long To) Range(IQueryCollection query, DateTimeOffset now, TimeSpan back)
    {
        long to = Time(query, "to", now) ?? Timestamp.Of(now).ToNanoseconds();
        long from = Time(query, "from", now) ?? to - (long)back.TotalNanoseconds;
        return from <= to ? (from, to) : throw ApiException.BadParameter("from", "lies behind \"to\"");
    }

    /// <summary>How many are answered at most.</summary>
    public static int Limit(string? text, int otherwise = DefaultLimit)
    {
        if (string.IsNullOrEmpty(text))
            return otherwise;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int limit) && limit is > 0 and <= MaxLimit
            ? limit
            : throw ApiException.BadParameter("limit", $"\"{text}\" is no number from 1 to {MaxLimit}");
    }
}
