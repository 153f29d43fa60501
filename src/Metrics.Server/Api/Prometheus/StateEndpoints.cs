using System.Text.Json;
using Metrics.Alerting;
using Metrics.Configuration;
using Metrics.Formats;
using Metrics.Model;
using Metrics.Pollers;
using Metrics.Rules;
using Metrics.Series;
using Metrics.Storage;
using Metrics.Telemetry;

namespace Metrics.Api.Prometheus;

/// <summary>Rules, alerts, targets, and how the daemon is.</summary>
internal sealed class StateEndpoints(
    RuleEngine rules, ActiveAlerts alerts, PollScheduler scheduler, Head head, StorageOptions storage, ReloadOutcome reload,
        TimeProvider time)
{
    /// <summary>The level of Prometheus's API that is spoken: clients choose by it what they ask for.</summary>
    private const string ApiLevel = "3.5.0";

    private readonly DateTimeOffset _started = time.GetUtcNow();

    public PrometheusApi.Answer Rules(ApiParameters parameters)
    {
        string? type = parameters.Text("type");
        if (type is not (null or "" or "alert" or "record"))
            throw ApiException.BadParameter("type", $"not supported value \"{type}\"");
        IReadOnlyList<string> names = parameters.All("rule_name[]"), groupNames = parameters.All("rule_group[]"),
            files = parameters.All("file[]");
        bool withAlerts = parameters.Text("exclude_alerts") is not ("true" or "1");
        return json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("groups");
            foreach (ScheduledGroup scheduled in rules.Schedule)
            {
                GroupRunner group = scheduled.Runner;
                List<RuleState> shown =
                [
                    .. group.Rules.Where(
                        r => (names.Count == 0 || names.Contains(r.Rule.Name))
                        && (type is null or "" || type == "alert" == r is AlertRuleState)),
                ];
                bool chosen = (groupNames.Count == 0 || groupNames.Contains(group.Group.Name))
                    && (files.Count == 0 || files.Contains(group.Group.File));
                if (chosen && (shown.Count > 0 || (names.Count == 0 && type is null or "")))
                    WriteGroup(json, scheduled, shown, withAlerts);
            }
            json.WriteEndArray();
            json.WriteEndObject();
            return PrometheusApi.Notes.None;
        };
    }

    private static void WriteGroup(Utf8JsonWriter json, ScheduledGroup scheduled, List<RuleState> shown, bool withAlerts)
    {
        GroupRunner group = scheduled.Runner;
        json.WriteStartObject();
        json.WriteString("name", group.Group.Name);
        json.WriteString("file", group.Group.File);
        json.WriteStartArray("rules");
        foreach (RuleState rule in shown)
            WriteRule(json, rule, withAlerts);
        json.WriteEndArray();
        json.WriteNumber("interval", group.Group.Interval.TotalSeconds);
        json.WriteNumber("limit", group.Group.Limit);
        json.WriteNumber("evaluationTime", group.LastDuration.TotalSeconds);
        json.WriteString("lastEvaluation", Time(group.LastAt));
        // Ours: how the arrival of data evaluates the group.
        json.WriteBoolean("evaluatedOnArrival", !scheduled.Pace.IsTooDear);
        json.WriteNumber("arrivalEvaluationTime", scheduled.Pace.Cost.TotalSeconds);
        json.WriteEndObject();
    }

    private static void WriteRule(Utf8JsonWriter json, RuleState state, bool withAlerts)
    {
        json.WriteStartObject();
        if (state is AlertRuleState alerting)
        {
            IReadOnlyList<AlertInstance> judged = alerting.Alerts;
            json.WriteString("state", judged.Any(a => a.State.IsOpen) ? "firing" : judged.Count > 0 ? "pending" : "inactive");
            json.WriteString("name", state.Rule.Name);
            json.WriteString("query", alerting.Rule.Condition.Query);
            json.WriteNumber("duration", alerting.Rule.Policy.For.TotalSeconds);
            json.WriteNumber("keepFiringFor", alerting.Rule.Policy.KeepFiringFor.TotalSeconds);
            WriteTemplates(json, "labels", alerting.Rule.Labels);
            WriteTemplates(json, "annotations", alerting.Rule.Annotations);
            json.WriteStartArray("alerts");
            foreach (AlertInstance alert in withAlerts ? judged : [])
                WriteAlert(json, alert);
            json.WriteEndArray();
        }
        else
        {
            json.WriteString("name", state.Rule.Name);
            json.WriteString("query", state.Rule.Text);
            if (((RecordingRule)state.Rule).Labels is { Count: > 0 } labels)
            {
                json.WriteStartObject("labels");
                foreach ((string name, string value) in labels)
                    json.WriteString(name, value);
                json.WriteEndObject();
            }
        }
        json.WriteString("health", state.Error is not null ? "err" : state.LastAt == 0 ? "unknown" : "ok");
        if (state.Error is not null)
            json.WriteString("lastError", state.Error);
        json.WriteNumber("evaluationTime", state.LastDuration.TotalSeconds);
        json.WriteString("lastEvaluation", Time(state.LastAt));
        json.WriteString("type", state is AlertRuleState ? "alerting" : "recording");
        json.WriteEndObject();
    }

    private static void WriteTemplates(Utf8JsonWriter json, string property, IReadOnlyList<KeyValuePair<string, RuleTemplate>> templates)
    {
        json.WriteStartObject(property);
        foreach ((string name, RuleTemplate template) in templates)
            json.WriteString(name, template.Text);
        json.WriteEndObject();
    }

    private static void WriteAlert(Utf8JsonWriter json, AlertInstance alert)
    {
        AlertState state = alert.State is AlertState.NoData n ? n.Before : alert.State;
        json.WriteStartObject();
        ResultJson.WriteLabels(json, "labels", alert.Labels);
        json.WriteStartObject("annotations");
        foreach ((string name, string text) in alert.Annotations)
            json.WriteString(name, text);
        if (alert.State is AlertState.NoData)
            json.WriteString("metricsd_state", "no data");
        json.WriteEndObject();
        json.WriteString("state", state is AlertState.Firing ? "firing" : "pending");
        json.WriteString("activeAt", Time(state switch { AlertState.Firing f => f.Since, AlertState.Pending p => p.Since, _ => 0 }));
        json.WriteString("value", FloatText.FormatExponent(alert.Value));
        json.WriteEndObject();
    }

    public PrometheusApi.Answer Alerts() => json =>
    {
        json.WriteStartObject();
        json.WriteStartArray("alerts");
        foreach (ActiveAlert active in alerts.All)
            WriteAlert(json, active.Alert);
        json.WriteEndArray();
        json.WriteEndObject();
        return PrometheusApi.Notes.None;
    };

    public PrometheusApi.Answer Targets(ApiParameters parameters)
    {
        bool active = parameters.Text("state") is null or "" or "any" or "active";
        string? pool = parameters.Text("scrapePool");
        return json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("activeTargets");
            foreach (PollTarget target in active ? scheduler.Targets.Where(t => pool is null or "" || t.Job == pool) : [])
                WriteTarget(json, target);
            json.WriteEndArray();
            json.WriteStartArray("droppedTargets");
            json.WriteEndArray();
            json.WriteEndObject();
            return PrometheusApi.Notes.None;
        };
    }

    private static void WriteTarget(Utf8JsonWriter json, PollTarget target)
    {
        TargetStatus status = target.Status;
        json.WriteStartObject();
        json.WriteStartObject("discoveredLabels");
        json.WriteString("__address__", target.Instance);
        json.WriteString("job", target.Job);
        json.WriteEndObject();
        ResultJson.WriteLabels(json, "labels", target.Labels);
        json.WriteString("scrapePool", target.Job);
        json.WriteString("scrapeUrl", target.Poller.ToString());
        json.WriteString("globalUrl", target.Poller.ToString());
        json.WriteString("lastError", status.Error ?? "");
        json.WriteString("lastScrape", Time(status.At?.ToUnixTimeMilliseconds() ?? 0));
        json.WriteNumber("lastScrapeDuration", status.Duration.TotalSeconds);
        json.WriteString("health", status.Health.ToString().ToLowerInvariant());
        json.WriteString("scrapeInterval", Duration.Format(target.Interval));
        json.WriteString("scrapeTimeout", Duration.Format(target.Timeout));
        json.WriteEndObject();
    }

    public static PrometheusApi.Answer BuildInfo() => json =>
    {
        json.WriteStartObject();
        json.WriteString("version", $"{ApiLevel}+metricsd.{VersionText.Product}");
        json.WriteString("revision", VersionText.Product);
        json.WriteString("branch", "metricsd");
        json.WriteString("buildUser", "");
        json.WriteString("buildDate", "");
        json.WriteString("goVersion", "");
        json.WriteEndObject();
        return PrometheusApi.Notes.None;
    };

    public PrometheusApi.Answer RuntimeInfo() => json =>
    {
        json.WriteStartObject();
        json.WriteString("startTime", Time(_started.ToUnixTimeMilliseconds()));
        json.WriteString("CWD", Environment.CurrentDirectory);
        json.WriteBoolean("reloadConfigSuccess", reload.Succeeded);
        json.WriteString("lastConfigTime", Time(reload.At));
        json.WriteNumber("timeSeriesCount", head.SeriesCount);
        json.WriteString("storageRetention", Duration.Format(storage.Retention));
        json.WriteEndObject();
        return PrometheusApi.Notes.None;
    };

    public PrometheusApi.Answer Tsdb(ApiParameters parameters)
    {
        int limit = parameters.Limit() is > 0 and var asked ? asked : 10;
        HeadStatistics statistics = head.Describe(limit);
        return json =>
        {
            json.WriteStartObject();
            json.WriteStartObject("headStats");
            json.WriteNumber("numSeries", statistics.Series);
            json.WriteNumber("numLabelPairs", statistics.LabelPairs);
            json.WriteNumber("chunkCount", statistics.Chunks);
            json.WriteNumber("minTime", statistics.MinTime);
            json.WriteNumber("maxTime", statistics.MaxTime);
            json.WriteEndObject();
            WriteCounts(json, "seriesCountByMetricName", statistics.SeriesByMetric);
            WriteCounts(json, "labelValueCountByLabelName", statistics.ValuesByLabel);
            WriteCounts(json, "memoryInBytesByLabelName", statistics.BytesByLabel);
            WriteCounts(json, "seriesCountByLabelValuePair", statistics.SeriesByPair);
            json.WriteEndObject();
            return PrometheusApi.Notes.None;
        };
    }

    private static void WriteCounts(Utf8JsonWriter json, string name, IReadOnlyList<KeyValuePair<string, long>> counts)
    {
        json.WriteStartArray(name);
        foreach ((string of, long count) in counts)
        {
            json.WriteStartObject();
            json.WriteString("name", of);
            json.WriteNumber("value", count);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static string Time(long milliseconds) => milliseconds == 0
        ? "0001-01-01T00:00:00Z"
        : new Timestamp(milliseconds).ToShortText();
}
