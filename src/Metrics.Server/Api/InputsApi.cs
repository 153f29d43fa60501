using Metrics.Access;
using Metrics.Inputs;
using Metrics.Model;

namespace Metrics.Api;

/// <summary>How the inputs fare: <c>GET /api/v1/inputs</c>.</summary>
internal static class InputsApi
{
    public static void MapInputsApi(this WebApplication app) => app.MapGet("/api/v1/inputs", (InputRunner inputs) => Results.Json(new
    {
        status = "success",
        data = inputs.Inputs.Select(ToJson),
    })).For(Role.Viewer);

    private static object ToJson(RunningInput input)
    {
        InputStatus status = input.Status;
        InputCounters counters = input.Counters;
        return new
        {
            name = input.Options.Name,
            kind = input.Options.Kind,
            state = StateText(status.State),
            since = Timestamp.Of(status.Since).ToString(),
            detail = status.Detail,
            lastError = status.Error,
            lastErrorAt = status.ErrorAt is { } at ? Timestamp.Of(at).ToString() : null,
            lastProblem = counters.LastProblem,
            events = counters.Events,
            bytes = counters.Bytes,
            connections = counters.Connections,
            kernelDrops = counters.KernelDrops,
            lastEvent = counters.LastEvent == 0 ? null : new Timestamp(counters.LastEvent).ToString(),
            dropped = InputCounters.Drops.ToDictionary(d => d.Word, d => counters.Of(d.Reason)),
            errors = InputCounters.Errors.ToDictionary(e => e.Word, e => counters.Of(e.Reason)),
        };
    }

    private static string StateText(InputState state) => state switch
    {
        InputState.Starting => "starting",
        InputState.Running => "running",
        InputState.BackingOff => "backing off",
        InputState.Draining => "draining",
        _ => "stopped",
    };
}
