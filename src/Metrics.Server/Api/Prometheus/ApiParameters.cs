using System.Globalization;
using System.Text;
using Metrics.Access;
using Metrics.Formats;
using Metrics.Model;
using Metrics.Query;
using Metrics.Query.Engine;
using Microsoft.Extensions.Primitives;

namespace Metrics.Api.Prometheus;

/// <summary>The parameters of a request, from its query and, for POST, from its form.</summary>
internal sealed class ApiParameters
{
    private const int MaxPoints = 11_000;

    private readonly IQueryCollection _query;
    private readonly IFormCollection? _form;
    private readonly long _now;

    private ApiParameters(IQueryCollection query, IFormCollection? form, long now) => (_query, _form, _now) = (query, form, now);

    public static async Task<ApiParameters> ReadAsync(HttpContext context, TimeProvider time) =>
        new(context.Request.Query, await RequestForm.ReadAsync(context), time.GetUtcNow().ToUnixTimeMilliseconds());

    public string? Text(string name) => All(name) is [var first, ..] ? first : null;

    public IReadOnlyList<string> All(string name)
    {
        StringValues values = _form is not null && _form.TryGetValue(name, out StringValues form) ? form : _query[name];
        return [.. values.Where(v => v is not null).Select(v => v!)];
    }

    public PreparedQuery Query()
    {
        string text = Text("query") ?? "";
        return PreparedQuery.TryParse(text, out PreparedQuery? query, out QueryError? error)
            ? query!
            : throw ApiException.BadParameter("query", error!.ToString());
    }

    /// <summary>A moment, milliseconds since 1970 UTC: seconds with a fraction, or RFC 3339.</summary>
    public long Time(string name, long? @default = null)
    {
        if (Text(name) is not { Length: > 0 } text)
            return @default ?? _now;
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds) && Math.Abs(seconds) < 9e12)
            return (long)Math.Round(seconds * 1000);
        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time)
            && text.Contains('T', StringComparison.Ordinal))
            return time.ToUnixTimeMilliseconds();
        throw ApiException.BadParameter(name, $"cannot parse \"{text}\" to a valid timestamp");
    }

    public long Now => _now;

    private TimeSpan? Span(string name)
    {
        if (Text(name) is not { Length: > 0 } text)
            return null;
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds) && Math.Abs(seconds) < 9e9)
            return TimeSpan.FromMilliseconds(Math.Round(seconds * 1000));
        return Duration.TryParse(text, out TimeSpan span)
            ? span
            : throw ApiException.BadParameter(name, $"cannot parse \"{text}\" to a valid duration");
    }

    /// <summary>How long the request may take: what is asked for, at most what is allowed.</summary>
    public TimeSpan Timeout(TimeSpan max)
    {
        if (Span("timeout") is not { } asked)
            return max;
        if (asked <= TimeSpan.Zero)
            throw ApiException.BadParameter("timeout", $"\"{Text("timeout")}\" is not above zero");
        return asked < max ? asked : max;
    }

    public EvaluationSteps Range()
    {
        long start = Time("start", long.MinValue), end = Time("end", long.MinValue);
        if (start == long.MinValue)
            throw ApiException.BadParameter("start", "cannot parse \"\" to a valid timestamp");
        if (end == long.MinValue)
            throw ApiException.BadParameter("end", "cannot parse \"\" to a valid timestamp");
        if (end < start)
            throw ApiException.BadParameter("end", "end timestamp must not be before start time");
        TimeSpan step = Span("step") ?? throw ApiException.BadParameter("step", "cannot parse \"\" to a valid duration");
        if (step <= TimeSpan.Zero)
            throw ApiException.BadParameter("step",
                "zero or negative query resolution step widths are not accepted. Try a positive integer");
        long milliseconds = Math.Max(1, (long)step.TotalMilliseconds);
        if ((end - start) / milliseconds > MaxPoints)
            throw ApiException.BadData("exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution "
                + "(?step=XX)");
        return EvaluationSteps.Between(start, end, milliseconds);
    }

    /// <summary>The selectors of <c>match[]</c>.</summary>
    public List<VectorSelector> Matches(bool required)
    {
        var selectors = new List<VectorSelector>();
        foreach (string match in All("match[]"))
            selectors.Add(
                VectorSelector.TryParse(match, out VectorSelector? selector, out QueryError? error)
                ? selector!
                : throw ApiException.BadParameter("match[]", error!.ToString()));
        if (required && selectors.Count == 0)
            throw ApiException.BadData("no match[] parameter provided");
        return selectors;
    }

    /// <summary>How many results are wanted; 0 is all.</summary>
    public int Limit(string name = "limit")
    {
        if (Text(name) is not { Length: > 0 } text)
            return 0;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int limit)
            ? limit
            : throw ApiException.BadParameter(name, $"cannot parse \"{text}\" to a number that is not negative");
    }

    /// <summary>A number as Prometheus's JSON has it: without an exponent from 1e-6 to 1e21.</summary>
    public static string Number(double value)
    {
        double size = Math.Abs(value);
        if (size == 0 || !double.IsFinite(value) || size is >= 1e-6 and < 1e21)
            return FloatText.FormatPlain(value);
        return FloatText.Format(value);
    }

    /// <summary>Writes a time as seconds with the fraction that it has.</summary>
    public static int WriteSeconds(long milliseconds, Span<byte> to)
    {
        long whole = milliseconds / 1000, rest = Math.Abs(milliseconds % 1000);
        int length = 0;
        if (milliseconds < 0 && whole == 0)
            to[length++] = (byte)'-';
        System.Buffers.Text.Utf8Formatter.TryFormat(whole, to[length..], out int written);
        length += written;
        if (rest == 0)
            return length;
        to[length++] = (byte)'.';
        to[length++] = (byte)('0' + (rest / 100));
        to[length++] = (byte)('0' + (rest / 10 % 10));
        to[length++] = (byte)('0' + (rest % 10));
        return length;
    }
}
