using Metrics.Rules.Templates;

namespace Metrics.Notifiers;

/// <summary>
/// The templates that Alertmanager has from the start, by its names and with what they give there; people's files use and replace them.
/// Links lead to us, the program is ours, and the page of a mail is the one that we write.
/// </summary>
/// <remarks>https://prometheus.io/docs/alerting/latest/notification_examples/</remarks>
internal static class DefaultTemplates
{
    private const string Text = """
        {{ define "__alertmanager" }}metricsd{{ end }}
        {{ define "__alertmanagerURL" }}{{ .ExternalURL }}/alerts{{ end }}
        {{ define "__description" }}{{ end }}

        {{ define "__subject" -}}
        {{ $firing := len .Alerts.Firing -}}
        [{{ toUpper .Status }}{{ if eq .Status "firing" }}:{{ $firing }}{{ end }}] {{ join " " .GroupLabels.Values -}}
        {{ " " }}{{ if lt (len .GroupLabels) (len .CommonLabels) -}}
        ({{ join " " (.CommonLabels.Remove .GroupLabels.Names).Values }}){{ end }}{{ end }}

        {{ define "__pairs" }}{{ range .SortedPairs }}{{ printf " - %s = %s\n" .Name .Value }}{{ end }}{{ end }}
        {{ define "__text_alert_list" }}{{ range . -}}
        Labels:
        {{ template "__pairs" .Labels }}Annotations:
        {{ template "__pairs" .Annotations }}Source: {{ .GeneratorURL }}
        {{ end }}{{ end }}

        {{ define "__alerts_of_state" }}
        {{ with .Alerts.Firing -}}
        Alerts Firing:
        {{ template "__text_alert_list" . }}
        {{- end }}
        {{ with .Alerts.Resolved -}}
        Alerts Resolved:
        {{ template "__text_alert_list" . }}
        {{- end }}{{ end }}
        {{ define "__summary_and_alerts" }}{{ join " " .CommonAnnotations.Values }}{{ template "__alerts_of_state" . }}{{ end }}

        {{ define "__loose_alerts" }}
        {{ with .Alerts.Firing }}
        Alerts Firing:
        {{ template "__text_alert_list" . }}
        {{ end }}
        {{ with .Alerts.Resolved }}
        Alerts Resolved:
        {{ template "__text_alert_list" . }}
        {{ end }}
        {{ end }}
        {{ define "__loose_summary_and_alerts" }}{{ join " " .CommonAnnotations.Values }}{{ template "__loose_alerts" . }}{{ end }}
        """;

    /// <summary>Names that give what another gives.</summary>
    private static readonly (string As, string[] Names)[] s_same =
    [
        ("__subject",
            ["slack.default.title", "pagerduty.default.description", "opsgenie.default.message", "victorops.default.entity_display_name",
                "pushover.default.title", "sns.default.subject", "discord.default.title", "email.default.subject", "msteams.default.title",
                "msteams.default.summary", "msteamsv2.default.title", "rocketchat.default.title", "jira.default.summary",
                "mattermost.default.title"]),
        ("__alertmanager",
            ["slack.default.username", "pagerduty.default.client", "victorops.default.monitoring_tool", "discord.default.username",
                "mattermost.default.username"]),
        ("__alertmanagerURL",
            ["slack.default.titlelink", "pagerduty.default.clientURL", "opsgenie.default.source", "pushover.default.url",
                "rocketchat.default.titlelink", "mattermost.default.titlelink"]),
        ("__text_alert_list", ["pagerduty.default.instances"]),
        ("__summary_and_alerts", ["opsgenie.default.description", "victorops.default.state_message", "jira.default.description"]),
        ("__loose_alerts",
            ["telegram.default.message", "discord.default.message", "mattermost.default.text"]),
        ("__markdown_alerts", ["msteams.default.text", "msteamsv2.default.text"]),
        ("__loose_summary_and_alerts", ["pushover.default.message", "sns.default.message", "webex.default.message"]),
    ];

    private static readonly string[] s_empty =
    [
        "slack.default.pretext", "slack.default.callbackid", "slack.default.iconemoji", "slack.default.iconurl", "slack.default.text",
        "slack.default.footer", "wechat.default.to_user", "wechat.default.to_party", "wechat.default.to_tag", "wechat.default.agent_id",
        "discord.default.content", "rocketchat.default.alias", "rocketchat.default.emoji", "rocketchat.default.iconurl",
        "rocketchat.default.text", "mattermost.default.fallback", "jira.default.priority",
    ];

    private const string More = """
        {{ define "slack.default.fallback" }}{{ template "slack.default.title" . }} | {{ template "slack.default.titlelink" . }}{{ end }}
        {{ define "slack.default.color" }}{{ if eq .Status "firing" }}danger{{ else }}good{{ end }}{{ end }}
        {{ define "__text_alert_list_markdown" }}{{ range . }}
        Labels:
        {{ range .Labels.SortedPairs }}{{ printf "  - %s = %s\n" .Name .Value }}{{ end }}
        Annotations:
        {{ range .Annotations.SortedPairs }}{{ printf "  - %s = %s\n" .Name .Value }}{{ end }}
        Source: {{ .GeneratorURL }}
        {{ end }}{{ end }}
        {{ define "__markdown_alerts" }}
        {{ with .Alerts.Firing }}
        # Alerts Firing:
        {{ template "__text_alert_list_markdown" . }}
        {{ end }}
        {{ with .Alerts.Resolved }}
        # Alerts Resolved:
        {{ template "__text_alert_list_markdown" . }}
        {{ end }}
        {{ end }}
        {{ define "wechat.default.message" }}{{ template "__subject" . }}
        {{ template "__summary_and_alerts" . }}
        AlertmanagerUrl:
        {{ template "__alertmanagerURL" . }}{{ end }}
        """;

    private static readonly GoPipeline s_dot = new([new GoCommand([new GoOperand(GoOperandKind.Dot, null, [])])]);

    public static GoDefines All { get; } = Read();

    private static GoDefines Read()
    {
        var all = new Dictionary<string, List<GoNode>>();
        foreach ((string same, string[] names) in s_same)
        {
            foreach (string name in names)
                all[name] = [new GoInvoke(same, s_dot)];
        }
        foreach (string name in s_empty)
            all[name] = [];
        all["email.default.html"] =
        [
            new GoNative(dot => dot is GoStruct { Origin: AlertMessage message }
                ? new GoMarkup(EmailHtml.Write(message, null))
                : throw new Rules.TemplateException("email.default.html is about a whole message: {{ template \"email.default.html\" . }}")),
        ];
        return new GoDefines(all)
            .With(GoParser.Parse(Text.ReplaceLineEndings("\n"), GoLibrary.Messages).Defines)
            .With(GoParser.Parse(More.ReplaceLineEndings("\n"), GoLibrary.Messages).Defines);
    }
}
