using System.Globalization;
using System.Text.Json;
using Metrics.Access;
using Metrics.Alerting;
using Metrics.Model;
using Metrics.Routing;
using Metrics.Series;

namespace Metrics.Api.Alertmanager;

/// <summary>Silences in Alertmanager's JSON.</summary>
internal sealed class SilenceEndpoints(Silences book, TimeProvider time)
{
    /// <summary>All silences; with filters those that have such a matcher.</summary>
    public IEnumerable<object> List(IEnumerable<string?> filters)
    {
        List<LabelMatcher> asked = [.. filters.SelectMany(f => MatcherText.Parse(f ?? ""))];
        return [.. book.All.Where(
            s => asked.TrueForAll(
            a => s.Matchers.Any(m => m.Name == a.Name && a.Matches(Model.Labels.Of(new Model.Label(m.Name, m.Value)))))).Select(Write)];
    }

    /// <summary>One silence, or null.</summary>
    public object? Find(string id) => book.All.FirstOrDefault(s => s.Id == id) is { } silence ? Write(silence) : null;

    /// <summary>Adds or changes one.</summary>
    /// <param name="body">Alertmanager's <c>postableSilence</c>.</param>
    /// <param name="context">Whose token's name stands for <c>createdBy</c> where that is empty.</param>
    /// <exception cref="FormatException">The body is not right.</exception>
    public async Task<string> PutAsync(JsonElement body, HttpContext context)
    {
        if (body.ValueKind != JsonValueKind.Object)
            throw new FormatException("a silence is an object with matchers, startsAt, endsAt, createdBy and comment");
        var matchers = new List<LabelMatcher>();
        foreach (JsonElement matcher in body.TryGetProperty("matchers", out JsonElement all) && all.ValueKind == JsonValueKind.Array
            ? all.EnumerateArray()
            : default)
            matchers.Add(ReadMatcher(matcher));
        string author = Text(body, "createdBy") is { Length: > 0 } given ? given : Caller.AccountNameOf(context) ?? "";
        string comment = Text(body, "comment") ?? "";
        Timestamp from = ReadTime(body, "startsAt"), to = ReadTime(body, "endsAt");
        return await book.PutAsync(Text(body, "id"), matchers, from, to, author, comment, Caller.NameOf(context));
    }

    private object Write(Silence silence) => new
    {
        id = silence.Id,
        status = new { state = silence.StateAt(Timestamp.Of(time.GetUtcNow())) },
        updatedAt = silence.UpdatedAt.ToString(),
        comment = silence.Comment,
        createdBy = silence.CreatedBy,
        endsAt = silence.EndsAt.ToString(),
        matchers =
            silence.Matchers.Select(
                m => new { isEqual = m.Kind is MatchKind.Equal or MatchKind.Regex,
                isRegex = m.Kind is MatchKind.Regex or MatchKind.NotRegex, name = m.Name, value = m.Value }),
        startsAt = silence.StartsAt.ToString(),
    };

    private static LabelMatcher ReadMatcher(JsonElement matcher)
    {
        if (matcher.ValueKind != JsonValueKind.Object
            || Text(matcher, "name") is not { Length: > 0 } name
            || Text(matcher, "value") is not { } value)
            throw new FormatException("a matcher is an object with name and value");
        bool isRegex = Flag(matcher, "isRegex", false), isEqual = Flag(matcher, "isEqual", true);
        try
        {
            return new LabelMatcher(
                name, (isRegex, isEqual) switch { (false, true) => MatchKind.Equal, (false, false) => MatchKind.NotEqual,
                (true, true) => MatchKind.Regex, _ => MatchKind.NotRegex }, value);
        }
        catch (ArgumentException e)
        {
            throw new FormatException($"the matcher of {name}: {e.Message}", e);
        }
    }

    private static bool Flag(JsonElement from, string name, bool @default) =>
        from.TryGetProperty(name, out JsonElement flag) && flag.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? flag.GetBoolean()
            : @default;

    private static string? Text(JsonElement from, string name) =>
        from.TryGetProperty(name, out JsonElement text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null;

    private static Timestamp ReadTime(JsonElement body, string name)
    {
        if (!DateTimeOffset.TryParse(Text(body, name), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset at))
            throw new FormatException($"{name} must be a time such as 2026-01-31T08:00:00Z");
        return Timestamp.Of(at);
    }
}
