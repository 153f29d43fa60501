using System.Text.Json;
using Metrics.Access;
using Metrics.Api.Prometheus;
using Metrics.Formats.EventJson;
using Metrics.Model;
using Metrics.Storage.Events;
using Metrics.Storage.Events.About;
using Metrics.Telemetry;

namespace Metrics.Api.Events;

/// <summary>What is known about a value: <c>GET /api/v1/events/about</c>.</summary>
internal static class AboutApi
{
    private const string Path = "/api/v1/events/about";
    private const int DefaultLimit = 500;

    /// <summary>What is written before it is sent on.</summary>
    private const int BytesPerFlush = 64 << 10;

    private static readonly TimeSpan s_around = TimeSpan.FromMinutes(30);
    private static readonly TimeSpan s_maxAround = TimeSpan.FromDays(7);

    public static void MapAbout(this WebApplication app) => app.MapGet(Path, ReadAsync).For(Role.Viewer);

    private static Task ReadAsync(
        HttpContext context, EventLog events, LongQuestions questions, MemoryBudget memory, HttpMetrics metrics, TimeProvider time) =>
        EventAnswers.AnswerAsync(context, metrics, Path, async () =>
        {
            AboutQuery query = Read(context.Request.Query, time.GetUtcNow());
            await questions.AnswerAsync(
                end => new EventInvestigator(events, memory.Queries).FindAsync(query, end), answer => WriteAsync(context, query, answer),
                context.RequestAborted);
        });

    private static AboutQuery Read(IQueryCollection query, DateTimeOffset now)
    {
        (long from, long to) = EventParameters.Range(query, now, TimeSpan.FromDays(1));
        return new AboutQuery(
            EventFields.FullName(Word(query, "field", "the name of a field, such as user.name")),
            Word(query, "value", "the value that the field has"), from, to, (long)Around(query).TotalNanoseconds,
            EventParameters.Limit(query["limit"].FirstOrDefault(), DefaultLimit));
    }

    private static string Word(IQueryCollection query, string name, string what) =>
        query[name].FirstOrDefault() is { Length: > 0 } text ? text : throw ApiException.BadParameter(name, $"must be {what}");

    private static TimeSpan Around(IQueryCollection query)
    {
        if (query["around"].FirstOrDefault() is not { Length: > 0 } text)
            return s_around;
        return Duration.TryParse(text, out TimeSpan around) && around >= TimeSpan.Zero && around <= s_maxAround
            ? around
            : throw ApiException.BadParameter("around", $"\"{text}\" is no duration up to {Duration.Format(s_maxAround)}, such as 30m");
    }

    /// <summary>Writes an answer, and sends it on as it grows.</summary>
    internal static async Task WriteAsync(HttpContext context, AboutQuery query, AboutAnswer answer)
    {
        context.Response.ContentType = "application/json";
        await using var json = new Utf8JsonWriter(context.Response.BodyWriter, EventAnswers.Json);
        json.WriteStartObject();
        json.WriteString("status", "success");
        json.WriteStartObject("data");
        json.WriteString("field", query.Field);
        json.WriteString("value", query.Value);
        json.WriteString("from", EventTime.Format(query.From));
        json.WriteString("to", EventTime.Format(query.To));
        json.WriteNumber("limit", query.Limit);
        json.WriteString("around", Duration.Format(TimeSpan.FromTicks(query.Around / TimeSpan.NanosecondsPerTick)));
        WriteValues(json, answer);
        json.WriteStartArray("events");
        long sent = 0;
        foreach (AboutEvent one in answer.Events)
        {
            json.WriteStartObject();
            WriteTexts(json, "belongs", one.Belongs);
            json.WritePropertyName("event");
            EventJsonWriter.Write(json, one.Batch, one.Row);
            json.WriteEndObject();
            if (json.BytesCommitted + json.BytesPending - sent < BytesPerFlush)
                continue;
            await json.FlushAsync(context.RequestAborted);
            await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
            sent = json.BytesCommitted;
        }
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
        await json.FlushAsync(context.RequestAborted);
    }

    private static void WriteValues(Utf8JsonWriter json, AboutAnswer answer)
    {
        json.WriteStartArray("followed");
        foreach (FollowedValue value in answer.Followed)
        {
            json.WriteStartObject();
            json.WriteString("relation", value.Relation.Name);
            json.WriteString("value", value.Text);
            json.WriteNumber("events", value.Events);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("notFollowed");
        foreach (PassedValue value in answer.Passed)
        {
            json.WriteStartObject();
            json.WriteString("relation", value.Relation);
            json.WriteString("value", value.Text);
            json.WriteString("reason", value.Reason);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        WriteTexts(json, "cut", answer.Cut);
    }

    private static void WriteTexts(Utf8JsonWriter json, string name, IReadOnlyList<string> texts)
    {
        json.WriteStartArray(name);
        foreach (string text in texts)
            json.WriteStringValue(text);
        json.WriteEndArray();
    }
}
