using System.Text.Json;
using Metrics.Query;
using Metrics.Query.Engine;
using Metrics.Query.Syntax;
using Metrics.Querying;

namespace Metrics.Api.Prometheus;

/// <summary>What evaluates or looks at expressions.</summary>
internal sealed class QueryEndpoints(QueryService queries)
{
    public async Task<PrometheusApi.Answer> InstantAsync(ApiParameters parameters, HttpContext context)
    {
        long at = parameters.Time("time");
        int limit = parameters.Limit();
        QueryMemory memory = MemoryOf(context);
        QueryResult result = await queries.InstantAsync(
            parameters.Query(), at, parameters.Timeout(queries.Timeout), memory, context.RequestAborted);
        memory.Hold(ResultJson.EstimateBytes(result, limit));
        return json => Write(json, result, at, limit);
    }

    public async Task<PrometheusApi.Answer> RangeAsync(ApiParameters parameters, HttpContext context)
    {
        EvaluationSteps grid = parameters.Range();
        int limit = parameters.Limit();
        PreparedQuery query = parameters.Query();
        if (query.Root.Type is ExprType.String or ExprType.Matrix)
            throw ApiException.BadParameter("query",
                $"invalid expression type \"{Parser.Name(query.Root.Type)}\" for range query, must be Scalar or instant Vector");
        QueryMemory memory = MemoryOf(context);
        QueryResult result = await queries.RangeAsync(query, grid, parameters.Timeout(queries.Timeout), memory, context.RequestAborted);
        memory.Hold(ResultJson.EstimateBytes(result, limit));
        return json => Write(json, result, grid.Start, limit);
    }

    /// <summary>Memory that is held until the answer is sent.</summary>
    private QueryMemory MemoryOf(HttpContext context)
    {
        QueryMemory memory = queries.NewMemory();
        context.Response.RegisterForDispose(memory);
        return memory;
    }

    private static PrometheusApi.Notes Write(Utf8JsonWriter json, QueryResult result, long at, int limit)
    {
        ResultJson.Write(json, result, at, limit);
        int count = Math.Max(result.Vector.Count, result.Matrix.Count);
        return new PrometheusApi.Notes(
            limit > 0 && count > limit ? [.. result.Warnings, "results truncated due to limit"] : result.Warnings, result.Infos);
    }

    /// <summary>Exemplars are not kept; there are none.</summary>
    public static PrometheusApi.Answer Exemplars(ApiParameters parameters)
    {
        parameters.Query();
        return json =>
        {
            json.WriteStartArray();
            json.WriteEndArray();
            return PrometheusApi.Notes.None;
        };
    }

    public static PrometheusApi.Answer Format(ApiParameters parameters)
    {
        Expr expr = parameters.Query().Root;
        return json =>
        {
            json.WriteStringValue(Printer.Pretty(expr));
            return PrometheusApi.Notes.None;
        };
    }

    public static PrometheusApi.Answer Parse(ApiParameters parameters)
    {
        Expr expr = parameters.Query().Root;
        return json =>
        {
            ExprJson.Write(json, expr);
            return PrometheusApi.Notes.None;
        };
    }
}
