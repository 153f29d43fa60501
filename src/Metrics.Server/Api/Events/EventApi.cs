using System.Text.Json;
using Metrics.Access;
using Metrics.Api.Push;
using Metrics.Formats.EventJson;
using Metrics.Inputs.Push;
using Metrics.Model;
using Metrics.Storage.Events;

namespace Metrics.Api.Events;

/// <summary>Events over HTTP: read by question, followed as server-sent events, sent as JSON a line.</summary>
internal static class EventApi
{
    private const string Path = "/api/v1/events";

    public static void MapEvents(this WebApplication app)
    {
        app.MapGet(Path, ReadAsync).For(Role.Viewer);
        app.MapPost(Path, SendAsync).For(Role.Ingest);
    }

    private static Task ReadAsync(HttpContext context, EventLog events, EventStream stream, HttpMetrics metrics, TimeProvider time) =>
        EventAnswers.AnswerAsync(context, metrics, Path, async () =>
        {
            EventQuery query = EventParameters.Read(context.Request, time.GetUtcNow());
            bool follows = context.Request.Headers.Accept.ToString().Contains(EventStream.ContentType, StringComparison.OrdinalIgnoreCase);
            await (follows ? stream.WriteAsync(context, query) : WriteAsync(context, events, query));
        });

    private static async Task WriteAsync(HttpContext context, EventLog events, EventQuery query)
    {
        CancellationToken aborted = context.RequestAborted;
        await using IAsyncEnumerator<EventBatch> batches = events.ReadAsync(query, aborted).GetAsyncEnumerator(aborted);
        // The first batch before the first byte: a question that fails is answered with its error.
        bool more = await batches.MoveNextAsync();
        context.Response.ContentType = "application/json";
        await using var json = new Utf8JsonWriter(context.Response.BodyWriter, EventAnswers.Json);
        json.WriteStartObject();
        json.WriteString("status", "success");
        json.WriteStartObject("data");
        json.WriteStartArray("events");
        (int count, long last) = (0, 0L);
        for (; more; more = await batches.MoveNextAsync())
        {
            using EventBatch batch = batches.Current;
            for (int row = 0; row < batch.Count; row++)
                EventJsonWriter.Write(json, batch, row);
            if (batch.Count > 0)
                last = batch.Ids[^1];
            count += batch.Count;
            await json.FlushAsync(context.RequestAborted);
            await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
        }
        json.WriteEndArray();
        // What 'after' takes for the next page; with the oldest first also for what has not happened yet.
        if (count == query.Limit || (count > 0 && !query.NewestFirst))
            json.WriteNumber("next", last);
        else
            json.WriteNull("next");
        json.WriteEndObject();
        json.WriteEndObject();
        await json.FlushAsync(context.RequestAborted);
    }

    private static async Task SendAsync(HttpContext context, EventInput input, PushMetrics metrics)
    {
        EventPush.Answer answer = await input.ReceiveAsync(PushEndpoints.RequestOf(context), context.RequestAborted);
        PushEndpoints.SetStatus(context, metrics, Path, answer.Status);
        if (answer.Error is not { } error)
            return;
        context.Response.ContentType = "application/json";
        await using var json = new Utf8JsonWriter(context.Response.BodyWriter, EventAnswers.Json);
        json.WriteStartObject();
        json.WriteString("status", "error");
        json.WriteString("errorType", TypeOf(answer.Status));
        json.WriteString("error", error);
        json.WriteNumber("accepted", answer.Accepted);
        json.WriteNumber("refused", answer.Refused);
        json.WriteEndObject();
        await json.FlushAsync(context.RequestAborted);
    }

    private static string TypeOf(int status) => status switch
    {
        StatusCodes.Status413PayloadTooLarge => "too_large",
        StatusCodes.Status429TooManyRequests => "full",
        StatusCodes.Status503ServiceUnavailable => "unavailable",
        _ => "bad_data",
    };
}
