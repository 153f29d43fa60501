using System.Text.Json.Serialization;
using Metrics.Formats;
using Metrics.Model;
using Metrics.Routing;
using Metrics.Rules;
using Metrics.Rules.Conditions;

namespace Metrics.Notifiers;

/// <summary>Where an alert comes from, for pictures and templates.</summary>
/// <param name="Rule">Its rule, in the stored form of <see cref="RuleId"/>.</param>
/// <param name="Series">Labels of its series, as JSON.</param>
/// <param name="Value">The value that was judged.</param>
/// <param name="Bound">The bound that it crossed.</param>
/// <param name="Since">First reading out of bounds, milliseconds since 1970 UTC.</param>
/// <param name="Reading">The value for people: <c>93 %</c>; null or empty where it says nothing to them.</param>
/// <param name="Page">Our own page about the alert.</param>
internal sealed record AlertSource(
    string Rule, string Series, double? Value, double? Bound, long Since, string? Reading = null, string? Page = null);

/// <summary>One alert of a message.</summary>
internal sealed record MessageAlert
{
    public required string Status { get; init; }

    public required IReadOnlyDictionary<string, string> Labels { get; init; }

    public required IReadOnlyDictionary<string, string> Annotations { get; init; }

    public required string StartsAt { get; init; }

    public required string EndsAt { get; init; }

    [JsonPropertyName("generatorURL")]
    public required string GeneratorUrl { get; init; }

    public required string Fingerprint { get; init; }

    /// <summary>Where it comes from; stored only.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public AlertSource? Source { get; init; }

    /// <summary>Whether its series is gone and nothing is known of it.</summary>
    [JsonIgnore]
    public bool IsSilent =>
        Status == "firing" && Annotations.GetValueOrDefault("metricsd_state", "").StartsWith("no data", StringComparison.Ordinal);

    /// <summary>What is to be known of it in one word beside that it fires or is over; null when that is all.</summary>
    [JsonIgnore]
    public string? Note => Annotations.GetValueOrDefault("metricsd_state", "") is { Length: > 0 } state
        && state.IndexOf(':', StringComparison.Ordinal) is > 0 and var end ? state[..end] : null;

    /// <summary>An alert as others see it. "No data" and "expired" are said in the annotation <c>metricsd_state</c>.</summary>
    public static MessageAlert Of(RoutedAlert routed, string externalUrl, Acknowledgement? acknowledged = null, Condition? condition = null)
    {
        (AlertInstance alert, AlertState before, Timestamp at) = (routed.Alert, routed.Before, routed.At);
        bool over = routed.IsOver;
        AlertState state = alert.State is AlertState.Inactive ? before : alert.State;
        AlertState known = state is AlertState.NoData { Before: var was } ? was : state;
        Timestamp startsAt = known switch
        {
            AlertState.Firing f => new Timestamp(f.FiredAt),
            AlertState.Pending p => new Timestamp(p.Since),
            _ => at,
        };
        var annotations = new Dictionary<string, string>(alert.Annotations);
        if (acknowledged is not null)
            annotations["metricsd_acknowledged"] =
                $"by {acknowledged.By}" + (acknowledged.Comment.Length > 0 ? $": {acknowledged.Comment}" : "");
        if (NoteOn(routed) is { } note)
            annotations["metricsd_state"] = note;
        return new MessageAlert
        {
            Status = over ? "resolved" : "firing",
            Labels = alert.Labels.ToDictionary(l => l.Name, l => l.Value),
            Annotations = annotations,
            StartsAt = startsAt.ToString(),
            EndsAt = over ? at.ToString() : NoTime,
            GeneratorUrl = alert.GeneratorUrl ?? $"{externalUrl}/alerts/{routed.Id:x32}",
            Fingerprint = alert.Labels.Fingerprint(),
            Source = new AlertSource(
                routed.Rule.ToString(), LabelsJson.Write(alert.Series), Finite(alert.Value), Finite(alert.Bound),
                known is AlertState.Firing firing ? firing.Since : startsAt.Milliseconds, condition?.Read(alert.Value),
                $"{externalUrl}/alerts/{routed.Id:x32}"),
        };

        static double? Finite(double value) => double.IsFinite(value) ? value : null;
    }

    /// <summary>What is to be known of an alert beside that it fires or is over; null when that is all.</summary>
    private static string? NoteOn(RoutedAlert routed) => routed switch
    {
        { IsFlapping: true } => "flapping: the alert begins and ends again and again; you will be notified when it is quiet",
        { Alert.State: AlertState.NoData } => "no data: the series stopped while the alert was firing; whether it is over is not known",
        { Alert.State: AlertState.Inactive { Reason: EndReason.Retired } } =>
            "retired: the rule, or what it watches, is no longer there; the alert was not seen to be over",
        { Alert.State: AlertState.Inactive { Reason: EndReason.Expired } } =>
            "expired: nothing was heard of the series for so long that the alert is closed; it was not seen to be over",
        _ => null,
    };

    /// <inheritdoc cref="AlertMessage.NoTime"/>
    private const string NoTime = AlertMessage.NoTime;
}
