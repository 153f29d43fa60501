using Metrics.Model;
using Metrics.Query;
using Metrics.Rules;
using Metrics.Rules.Templates;

namespace Metrics.Tests.Rules;

/// <summary>Annotations as Prometheus renders them; the expected texts are what Go's templates give.</summary>
public sealed class GoTemplateTests
{
    private static readonly Labels s_labels = Labels.Of("node_load1", ("instance", "compute-1.example.org:9100"), ("job", "node"));

    [Theory]
    [InlineData("Instance {{ $labels.instance }} down", "Instance compute-1.example.org:9100 down")]
    [InlineData("{{ $value }}", "1234.5678")]
    [InlineData("{{ .Value | humanize }} of {{ .Labels.job }}", "1.235k of node")]
    [InlineData("{{ printf \"%.2f\" $value }} and {{ $value | printf \"%.0f%%\" }}", "1234.57 and 1235%")]
    [InlineData("{{ printf \"%d\" $value }}", "%!d(float64=1234.5678)")]
    [InlineData("{{ printf \"%5.1f|%-6s|%+d|%05d|%q|%v\" 3.14159 \"ab\" 7 42 \"x\" true }}", "  3.1|ab    |+7|00042|\"x\"|true")]
    [InlineData("{{ printf \"%s\" }}{{ printf \"x\" 1 }}", "%!s(MISSING)x%!(EXTRA int=1)")]
    [InlineData("{{ $x := 1000000.0 }}{{ $x }} {{ printf \"%v\" 0.00001 }} {{ 999999.5 }} {{ 12 }}", "1e+06 1e-05 999999.5 12")]
    [InlineData("{{ $labels }}", "map[__name__:node_load1 instance:compute-1.example.org:9100 job:node]")]
    [InlineData("[{{ $labels.nothing }}]", "[]")]
    [InlineData("{{ if gt $value 1000.0 }}high{{ else }}low{{ end }}", "high")]
    [InlineData("{{ if eq $labels.job \"db\" \"node\" }}yes{{ end }}", "yes")]
    [InlineData("{{ if and (ne $labels.job \"db\") (not (eq 1 2)) }}both{{ end }}", "both")]
    [InlineData("{{ if eq $labels.job \"x\" }}a{{ else if eq $labels.job \"node\" }}b{{ else }}c{{ end }}", "b")]
    [InlineData("{{ with $labels.job -}}   job={{ . }}{{ end }}", "job=node")]
    [InlineData("a  {{- /* nothing */ -}}  b{{ $labels.x }}", "ab")]
    [InlineData("{{ range $k, $v := $labels }}{{ $k }}={{ $v }};{{ end }}",
        "__name__=node_load1;instance=compute-1.example.org:9100;job=node;")]
    [InlineData("{{ range query \"up\" }}{{ .Labels.instance }}:{{ .Value }} {{ end }}", "a:1 b:2 ")]
    [InlineData("{{ with query \"up\" }}{{ . | first | value | humanizePercentage }}{{ end }}", "100%")]
    [InlineData("{{ query \"up\" | sortByLabel \"instance\" | first | label \"instance\" }}", "a")]
    [InlineData("{{ $x := query \"up\" | first | value }}{{ $x }}{{ $x = 5 }}{{ $x }}", "15")]
    [InlineData("{{ $value | humanizeDuration }} {{ \"43200\" | humanizeDuration }} {{ humanize1024 1048576.0 }}", "20m 34s 12h 0m 0s 1Mi")]
    [InlineData("{{ humanizeDuration 0.0123 }} {{ humanizeDuration -90061.0 }} {{ humanizeTimestamp 1435065584.128 }}",
        "12.3ms -1d 1h 1m 1s 2015-06-23 13:19:44.128 +0000 UTC")]
    [InlineData("{{ title \"disk full\" }} {{ toUpper $labels.job }} {{ toLower \"ABC\" }}", "Disk Full NODE abc")]
    [InlineData("{{ reReplaceAll \"(.*)\\\\.example\\\\.org:.*\" \"${1}!\" $labels.instance }}", "compute-1!")]
    [InlineData("{{ if match \"^comp\" $labels.instance }}m{{ end }}{{ stripPort $labels.instance }} {{ stripDomain $labels.instance }}",
        "mcompute-1.example.org compute-1:9100")]
    [InlineData("{{ $externalURL }}{{ externalURL }}{{ pathPrefix }}", "http://m/pathhttp://m/path/path")]
    [InlineData("{{ graphLink \"up == 0\" }}", "/graph?g0.expr=up%20%3D%3D%200&g0.tab=0")]
    [InlineData("{{ parseDuration \"1h30m\" }} {{ len \"abc\" }} {{ index $labels \"job\" }} {{ html \"<a>\" }}", "5400 3 node &lt;a&gt;")]
    [InlineData("{{ and $labels.nothing (index $labels 7) }}|{{ or $value (query \"(\") }}", "|1234.5678")]
    [InlineData("{{ print 1 2 \"x\" }} {{ 'a' }} {{ 0x1F }} {{ 1_000 }} {{ `a\\d` }} {{ slice \"abc\" 1 }} {{ urlquery \"a b&\" }}",
        "1 2x 97 31 1000 a\\d bc a+b%26")]
    [InlineData("{{ with toTime $value }}{{ .Year }} {{ .Format \"15:04:05.000\" }}{{ end }}", "1970 00:20:34.567")]
    public void Renders_as_Prometheus_does(string template, string expected)
    {
        RuleTemplate.TryCompile(template, out RuleTemplate? compiled, out string? error).Should().BeTrue(error);
        compiled!.Render(Scope(), TimeProvider.System).Should().Be(expected);
    }

    [Theory]
    [InlineData("{{ $labels.a | nonsense }}", "function \"nonsense\" not defined (line 1, column 24 of the template)")]
    [InlineData("{{ $undefined }} {{ $value }}", "undefined variable \"$undefined\"")]
    [InlineData("{{ if $value }}x", "{{if}} has no {{end}} (line 1, column 17 of the template)")]
    [InlineData("{{ $labels.a", "unclosed action (line 1, column 13 of the template)")]
    [InlineData("{{ $labels.a \"x\" }}", "can't give argument to non-function a")]
    [InlineData("{{ break }} {{ $value }}", "{{break}} outside {{range}} (line 1, column 4 of the template)")]
    [InlineData("{{ if $value }}{{ $x := 1 }}{{ end }}{{ $x }}", "undefined variable \"$x\"")]
    [InlineData("{{ $value }} {{ \"\\d\" }}", "invalid syntax: \\d in a quoted string (line 1, column 20 of the template)")]
    [InlineData("{{ .Nothing }} {{ .Value }}", "can't evaluate field Nothing in struct")]
    [InlineData("{{ template \"x\" }} {{ $value }}",
        "{{template}} is not supported: a text stands for itself (line 1, column 4 of the template)")]
    public void What_cannot_be_taken_is_refused_with_the_reason(string template, string expected)
    {
        RuleTemplate.TryCompile(template, out _, out string? error).Should().BeFalse();
        error.Should().Be(expected);
    }

    [Theory]
    [InlineData("args $x", 3, "the values nest too deep")]
    [InlineData("args $x $x", 1, "a value gives more than 1048576 characters")]
    public void Values_that_hold_each_other_without_end_fail_and_nothing_else(string nested, int loops, string expected)
    {
        string begin = string.Concat(Enumerable.Repeat("{{ range $l }}", loops));
        string end = string.Concat(Enumerable.Repeat("{{ end }}", loops));
        string template = $"{{{{ $l := args {string.Join(' ', Enumerable.Range(0, 44))} }}}}{{{{ $x := args 1 }}}}"
            + $"{begin}{{{{ $x = {nested} }}}}{end}{{{{ $x }}}}";
        Exception? failure = null;
        var small = new Thread(() => failure = Record.Exception(() => Render(template)), 512 << 10);
        small.Start();
        small.Join();
        failure.Should().BeOfType<TemplateException>().Which.Message.Should().Be(expected);
    }

    [Theory]
    [InlineData("{{ range $labels }}x{{ end }}")]
    [InlineData("{{ or (not 1) (not 1) (not 1) }}")]
    public void A_template_ends_when_its_time_is_over(string template)
    {
        RuleTemplate.TryCompile(template, out RuleTemplate? compiled, out string? error).Should().BeTrue(error);
        Action act = () => compiled!.Render(Scope(), new SlowTime());
        act.Should().Throw<TemplateException>().WithMessage("the template takes longer than 2000 ms");
    }

    [Theory]
    [InlineData("{{ reReplaceAll \"x\" .t .t }}", "reReplaceAll gives more than 1048576 characters")]
    [InlineData("{{ reReplaceAll \".*\" .groups .t }}", "reReplaceAll gives more than 1048576 characters")]
    [InlineData("{{ $x := printf \"%s%s%s%s%s%s%s%s%s%s\" .t .t .t .t .t .t .t .t .t .t }}{{ stringSlice $x $x $x $x $x | join $x }}",
        "join gives more than 1048576 characters")]
    [InlineData("{{ $x := print .t .t .t .t .t .t .t .t .t .t }}{{ $x = print $x $x $x }}{{ printf \"%s%s%s\" $x $x $x }}",
        "a value gives more than 1048576 characters")]
    public void A_text_that_is_too_long_is_never_made(string template, string expected)
    {
        var data = new GoMap(new Dictionary<string, string>
        {
            ["t"] = new('x', 20_000),
            ["groups"] = string.Concat(Enumerable.Repeat("$0", 20_000)),
        });
        var parsed = GoTemplate.Parse(template, new GoDefines(new Dictionary<string, List<GoNode>>()));
        long before = GC.GetAllocatedBytesForCurrentThread();
        Action act = () => parsed.Render(data, 0, isHtml: false);
        act.Should().Throw<TemplateException>().WithMessage(expected);
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(20 << 20);
    }

    [Theory]
    [InlineData("<a download href=\"{{ .u }}\">", "<a download href=\"#ZgotmplZ\">")]
    [InlineData("<a download/href=\"{{ .u }}\">", "<a download/href=\"#ZgotmplZ\">")]
    [InlineData("<a/href=\"{{ .u }}\">", "<a/href=\"#ZgotmplZ\">")]
    [InlineData("<a download\n href = '{{ .u }}'>", "<a download\n href = '#ZgotmplZ'>")]
    [InlineData("<a xlink:href=\"{{ .u }}\">", "<a xlink:href=\"#ZgotmplZ\">")]
    [InlineData("<a h{{ .ref }}=\"{{ .u }}\">", "<a href=\"#ZgotmplZ\">")]
    [InlineData("<td nowrap style=\"color:{{ .s }}\">", "<td nowrap style=\"color:ZgotmplZ\">")]
    [InlineData("<input disabled onclick=\"f({{ .n }})\">", "<input disabled onclick=\"f(&#34;a&#34;)\">")]
    [InlineData("<input disabled value=\"{{ .u }}\"><br/>{{ .n }}", "<input disabled value=\"javascript:alert(1)\"><br/>a")]
    public void A_value_is_encoded_by_the_attribute_that_it_stands_in(string template, string expected)
    {
        var data = new GoMap(new Dictionary<string, string>
        {
            ["u"] = "javascript:alert(1)",
            ["s"] = "red;background:url(x)",
            ["n"] = "a",
            ["ref"] = "ref",
        });
        var parsed = GoTemplate.Parse(template, new GoDefines(new Dictionary<string, List<GoNode>>()));
        parsed.Render(data, 0, isHtml: true).Should().Be(expected);
    }

    [Fact]
    public void A_chain_of_branches_may_be_long()
    {
        Render(Chain(500)).Should().Be("[500]");
        var message = GoTemplate.Parse(Chain(500), new GoDefines(new Dictionary<string, List<GoNode>>()));
        message.Render(new GoMap(new Dictionary<string, string>()), 0, isHtml: false).Should().Be("[500]");
        RuleTemplate.TryCompile(Chain(501), out _, out string? error).Should().BeFalse();
        error.Should().StartWith("the template has more than 500 {{else if}} within each other (line 1, column ");
    }

    private static string Chain(int links) => "[{{ $n := " + links + " }}{{ if eq $n 0 }}0"
        + string.Concat(Enumerable.Range(1, links).Select(i => $"{{{{ else if eq $n {i} }}}}{i}")) + "{{ else }}none{{ end }}]";

    [Fact]
    public void A_long_text_is_many_steps()
    {
        Action act = () => Render($"{{{{ $l := args {string.Join(' ', Enumerable.Range(0, 60))} }}}}"
            + "{{ $t := printf \"%1000d%1000d%1000d%1000d%1000d%1000d%1000d%1000d%1000d%1000d\" 1 1 1 1 1 1 1 1 1 1 }}"
            + "{{ range $l }}{{ range $l }}{{ $u := print $t $t $t $t $t $t }}{{ end }}{{ end }}");
        act.Should().Throw<TemplateException>().WithMessage("the template takes more than 100000 steps");
    }

    /// <summary>A clock by which every look at it takes a second.</summary>
    private sealed class SlowTime : TimeProvider
    {
        private long _looks;

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => _looks++;
    }

    private static string Render(string template)
    {
        RuleTemplate.TryCompile(template, out RuleTemplate? compiled, out string? error).Should().BeTrue(error);
        return compiled!.Render(Scope(), TimeProvider.System);
    }

    private static TemplateScope Scope()
    {
        VectorElement[] up =
            [new(Labels.Of("up", ("instance", "a")), new Sample(0, 1)), new(Labels.Of("up", ("instance", "b")), new Sample(0, 2))];
        return new TemplateScope(
            s_labels.Without(Labels.MetricName), 1234.5678, double.NaN, 1_700_000_000_000, TimeSpan.Zero, _ =>
            up, "http://m/path") { Sample = s_labels };
    }
}
