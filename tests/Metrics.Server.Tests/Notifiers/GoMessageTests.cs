using System.Text.Json;
using Metrics.Configuration;
using Metrics.Hosting;
using Metrics.Model;
using Metrics.Notifiers;
using Microsoft.Extensions.Time.Testing;
using MimeKit;

namespace Metrics.Tests.Notifiers;

/// <summary>
/// Texts of receivers that were written for Alertmanager. What it renders is compared with amtool in the integration tests; here is what
/// newer ones know, and what is ours.
/// </summary>
public sealed class GoMessageTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("templates").FullName;
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 7, 1, 12, 0, 0, TimeSpan.Zero));

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("{{ (index .Alerts 0).StartsAt | tz \"Europe/Berlin\" | date \"2006-01-02 15:04 MST -0700\" }}", "2026-07-01 10:30 CEST +0200")]
    [InlineData("{{ (index .Alerts 0).StartsAt | since }} {{ since (index .Alerts 0).StartsAt | humanizeDuration }}", "3h30m0s 3h 30m 0s")]
    [InlineData("{{ .Status }}{{ trimSpace \"  a \" }}{{ urlUnescape \"a%20b+c\" }} {{ humanizeDuration 61 }}", "firingaa b c 1m 1s")]
    [InlineData("{{ .GroupLabels | toJson }} {{ (index .Alerts 0).StartsAt | toJson }} {{ toJson .Alerts.Resolved }}",
        "{\"alertname\":\"Hot\"} \"2026-07-01T08:30:00Z\" []")]
    [InlineData("{{ .CommonLabels }}", "alertname=Hot, host=\u003Ca\u003E")]
    [InlineData("{{ template \"slack.default.titlelink\" . }} {{ template \"slack.default.username\" . }}", "http://m/alerts metricsd")]
    [InlineData("{{ template \"slack.default.color\" . }}{{ template \"msteams.default.text\" . }}",
        "danger\n\n# Alerts Firing:\n\nLabels:\n  - alertname = Hot\n  - host = <a>\n\nAnnotations:\n\nSource: http://m/alerts/1\n\n\n\n")]
    [InlineData("{{ template \"slack.default.fallback\" . }}", "[FIRING:1] Hot (<a>) | http://m/alerts")]
    public void Newer_functions_and_our_own_names_are_there(string template, string expected) =>
        Render(template).Should().Be(expected);

    [Theory]
    [InlineData("{{ title }}", "[FIRING] Hot <a>")]
    [InlineData("{{ for a in alerts }}{{ a.labels.host }}{{ end }}", "<a>")]
    [InlineData("{{- for a in alerts -}} {{ a.status }} {{- end -}}", "firing")]
    [InlineData("{{ with common_labels }}{{ host }}{{ end }}", "<a>")]
    [InlineData("{{ $x = status }}{{ $x }}", "firing")]
    [InlineData("{{ \"x\" | toUpper }}", "X")]
    [InlineData("{{ len \"abc\" }}{{ title \"x\" }}", "3X")]
    [InlineData("plain { } text", "plain { } text")]
    public void A_text_is_read_in_the_language_that_it_is_written_in(string template, string expected) =>
        Render(template).Should().Be(expected);

    [Theory]
    [InlineData("{{ define \"a\" }}{{ template \"a\" . }}{{ end }}{{ template \"a\" . }}", "templates call each other more than 100 levels deep")]
    [InlineData("{{ $x := \"0123456789\" }}{{ range stringSlice \"1\" \"2\" \"3\" \"4\" \"5\" }}"
        + "{{ $x = print $x $x $x $x $x $x $x $x $x $x }}{{ end }}{{ $x = print $x $x }}{{ $x }}",
        "a value gives more than 1048576 characters")]
    [InlineData("{{ define \"a\" }}{{ range .Alerts }}{{ template \"a\" $ }}{{ template \"a\" $ }}{{ end }}{{ end }}{{ template \"a\" . }}",
        "templates call each other more than 100 levels deep")]
    [InlineData("{{ (index .Alerts 0).StartsAt.AddDate 99999 0 0 }}", "Years value must be between")]
    [InlineData("{{ .Status }}{{ printf \"%x\" -9223372036854775808 }}", "Negating the minimum value")]
    [InlineData("{{ index .Alerts 7 }}", "index out of range: 7")]
    [InlineData("{{ toUpper .Alerts }}", "wrong type for value; expected string; got template.Alerts")]
    public void What_fails_is_refused_or_goes_out_as_a_plain_message_that_says_why(string template, string why)
    {
        try
        {
            Render(template).Should().StartWith("FIRING: Hot").And.Contain("(The template of this message failed").And.Contain(why);
        }
        catch (ConfigurationException e)
        {
            e.Message.Should().Contain(why);
        }
    }

    [Fact]
    public void What_is_noted_of_a_message_stands_before_a_text_that_knows_nothing_of_it()
    {
        var section = ConfigurationFile.Parse("go: '{{ .Status }} {{ .Receiver }}'\nours: 'just {{ status }}'", []);
        AlertMessage message = Message() with { Note = "Nobody has acknowledged <this>." };
        string Body(string key) => MessageTemplate.Body(
            MessageTemplate.Read(section, key, MessageTemplates.Default), message, EmailHtml.Encode, _time);
        Body("go").Should().Be($"Nobody has acknowledged &lt;this&gt;.\nfiring {message.Receiver}");
        Body("ours").Should().Be("just firing", "who writes ours can say {{ text }}");
    }

    [Fact]
    public void Html_encodes_values_where_they_stand_and_the_default_page_is_ours()
    {
        Mail("html: '<a href=\"{{ .CommonLabels.host }}\">{{ .CommonLabels.host }}</a>{{ .CommonLabels.host | safeHtml }}'").HtmlBody!.Trim()
            .Should().Be("<a href=\"%3ca%3e\">&lt;a&gt;</a><a>");
        Mail("html: '{{ template \"email.default.html\" . }}'").HtmlBody!.Trim().Should().Be(Mail("").HtmlBody!.Trim());
        Mail("headers: { Subject: '{{ template \"email.default.subject\" . }}' }").Subject.Should().Be("[FIRING:1] Hot (<a>)");
        Mail("html: '{{ index .Alerts 7 }}'").HtmlBody.Should().Contain("index out of range").And.Contain("host = &lt;a&gt;");
    }

    [Fact]
    public void Files_of_templates_are_found_beside_the_configuration_and_a_later_one_holds()
    {
        Write("metrics.yaml", Configuration("{{ template \"my.title\" . }}|{{ template \"a.tmpl\" . }}|{{ template \"slack.default.title\" . }}"));
        Write("t/a.tmpl", "top{{ define \"my.title\" }}old{{ end }}");
        Write("t/b.tmpl", "{{ define \"my.title\" }}{{ .Status }}{{ end }}{{ define \"__subject\" }}subject{{ end }}");
        MetricsOptions first = Load();
        Title(first).Should().Be("firing|top|subject");
        Load().Notifications.Id.Should().Be(first.Notifications.Id);

        Write("t/b.tmpl", "{{ define \"my.title\" }}new {{ .Status }}{{ end }}");
        MetricsOptions second = Load();
        second.Notifications.Id.Should().NotBe(first.Notifications.Id, "a reload takes what has changed");
        Title(second).Should().Be("new firing|top|[FIRING:1] Hot (<a>)");
    }

    [Theory]
    [InlineData("{{ define \"x\" }}\n{{ if .Status }}\n{{ end }}", "t/a.tmpl:3:10: is no template: {{define}} has no {{end}}")]
    [InlineData("\n\n  {{ nosuch .Status }}", "t/a.tmpl:3:12: is no template: function \"nosuch\" not defined")]
    [InlineData("{{ define \"x\" }}a{{ end }}\n{{ define \"x\" }}b{{ end }}", "t/a.tmpl:2:27: is no template: multiple definition of template \"x\"")]
    public void What_is_wrong_with_a_file_is_said_with_its_place(string file, string expected)
    {
        Write("metrics.yaml", Configuration("a"));
        Write("t/a.tmpl", file);
        new Action(() => Load()).Should().Throw<ConfigurationException>().Which.Message.Should().Contain(expected);
    }

    [Fact]
    public void A_file_that_is_named_and_missing_is_an_error_and_a_pattern_without_files_is_none()
    {
        Write("metrics.yaml", Configuration("a"));
        Title(Load()).Should().Be("a");
        Write("metrics.yaml", Configuration("a").Replace("t/*.tmpl", "t/none.tmpl", StringComparison.Ordinal));
        new Action(() => Load()).Should().Throw<ConfigurationException>().Which.Message.Should()
            .Contain("templates has 't/none.tmpl', which is no file");
    }

    private static string Configuration(string title) =>
        $"templates: [ 't/*.tmpl' ]\nreceivers: [ {{ name: r, slack_configs: [ {{ api_url: 'http://x/', title: {JsonSerializer.Serialize(title)} }} ] }} ]\n";

    private void Write(string name, string text)
    {
        string path = Path.Combine(_folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }

    private MetricsOptions Load() => MetricsOptions.Load(Path.Combine(_folder, "metrics.yaml"), new Dictionary<string, string>());

    private string Title(MetricsOptions options) =>
        ((SlackNotifier)options.Notifications.Receivers[0].Notifiers[0].Notifier).Title!.Render(Message(), MessageText.Plain, _time);

    private string Render(string template) =>
        Title(MetricsOptions.Parse(Configuration(template).Replace("templates: [ 't/*.tmpl' ]", "", StringComparison.Ordinal)));

    private MimeMessage Mail(string more) => ((EmailNotifier)MetricsOptions.Parse(
            $"receivers: [ {{ name: r, email_configs: [ {{ to: a@x.example, from: m@x.example, smarthost: 'h:25', {more} }} ] }} ]")
        .Notifications.Receivers[0].Notifiers[0].Notifier).Compose(Message(), "key", null, _time);

    private static AlertMessage Message() => AlertMessage.Of(
        "{}:{}", Labels.Of("", ("alertname", "Hot")),
        [
            new MessageAlert
            {
                Status = "firing",
                Labels = new Dictionary<string, string> { ["alertname"] = "Hot", ["host"] = "<a>" },
                Annotations = new Dictionary<string, string>(),
                StartsAt = "2026-07-01T08:30:00Z",
                EndsAt = AlertMessage.NoTime,
                GeneratorUrl = "http://m/alerts/1",
                Fingerprint = "1",
            },
        ], "r", "http://m");
}
