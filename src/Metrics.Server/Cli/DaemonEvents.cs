using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using Metrics.Formats.EventJson;
using Metrics.Model;
using Metrics.Series;

namespace Metrics.Cli;

/// <summary>Events that a running daemon keeps, read page by page, the oldest first.</summary>
/// <param name="daemon">The daemon.</param>
internal sealed class DaemonEvents(DaemonClient daemon) : IEventSource
{
    private const string Path = "/api/v1/events";

    /// <summary>As many as the API gives at once.</summary>
    private const int PageSize = 10_000;

    /// <summary>Whether events are kept there at all: a Prometheus knows none.</summary>
    /// <exception cref="CommandException">Nobody answers, or the daemon refuses.</exception>
    public async Task<bool> ExistAsync(CancellationToken cancel) => await daemon.FindAsync($"{Path}?limit=1", cancel) is not null;

    /// <inheritdoc />
    /// <exception cref="CommandException">Nobody answers, or the daemon refuses.</exception>
    public async IAsyncEnumerable<EventBatch> ReadAsync(
        IReadOnlySet<string>? kinds, long from, long to, [EnumeratorCancellation] CancellationToken ct)
    {
        string question = Question(kinds, from, to);
        long after = 0;
        while (true)
        {
            JsonElement answer = await daemon.GetAsync(string.Create(CultureInfo.InvariantCulture, $"{question}&after={after}"), ct);
            EventBatch page = daemon.Read(answer, Read);
            int count = page.Count;
            after = count == 0 ? after : page.Ids[^1];
            yield return page;
            if (count < PageSize)
                yield break;
        }
    }

    private static string Question(IReadOnlySet<string>? kinds, long from, long to)
    {
        string question = string.Create(CultureInfo.InvariantCulture, $"{Path}?order=oldest&limit={PageSize}");
        question += $"&from={Uri.EscapeDataString(EventTime.Format(from))}";
        if (to < long.MaxValue)
            question += $"&to={Uri.EscapeDataString(EventTime.Format(to))}";
        if (kinds is null)
            return question;
        var matcher = new LabelMatcher(EventFields.Kind, MatchKind.Regex, string.Join('|', kinds.Order().Select(Regex.Escape)));
        return $"{question}&match[]={Uri.EscapeDataString($"{{{matcher}}}")}";
    }

    private static EventBatch Read(JsonElement answer)
    {
        var batch = new EventBatch("events", PageSize);
        try
        {
            foreach (JsonElement one in answer.GetProperty("data").GetProperty("events").EnumerateArray())
                Add(one, batch);
            return batch;
        }
        catch
        {
            batch.Dispose();
            throw;
        }
    }

    private static void Add(JsonElement one, EventBatch batch)
    {
        batch.Add(
            Nanoseconds(one, "time"), Nanoseconds(one, "observed_time"), one.GetProperty(EventFields.Kind).GetString() ?? "",
            one.GetProperty(EventFields.SeverityNumber).GetByte(), one.GetProperty(EventFields.Body).GetString() ?? "");
        batch.Ids[^1] = one.GetProperty("id").GetInt64();
        foreach (JsonProperty field in one.EnumerateObject())
        {
            if (!IsOwn(field.Name))
                batch.AddField(field.Name, field.Value.GetString());
        }
    }

    private static bool IsOwn(string name) =>
        name is "id" or "time" or "observed_time" or EventFields.Kind or EventFields.SeverityNumber or EventFields.Body;

    private static long Nanoseconds(JsonElement one, string name)
    {
        string? text = one.GetProperty(name).GetString();
        return EventTime.TryParse(text, out long nanoseconds) ? nanoseconds : throw new FormatException($"'{text}' is no time");
    }
}
