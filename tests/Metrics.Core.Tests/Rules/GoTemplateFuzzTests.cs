using System.Globalization;
using System.Text;
using Metrics.Rules;
using Metrics.Rules.Templates;

namespace Metrics.Tests.Rules;

/// <summary>
/// Whatever stands in a template of a message, it is rendered or refused with a reason. METRICS_FUZZ sets ten times as many as are tried.
/// </summary>
public sealed class GoTemplateFuzzTests
{
    private static readonly string[] s_seeds =
    [
        "{{ define \"a\" }}{{ range $i, $a := .List }}{{ if $i }}, {{ end }}{{ $a.Name | toUpper }}{{ break }}{{ end }}{{ end }}"
            + "{{ template \"a\" . }}",
        "{{- with .Map.Remove .Map.Names }}{{ .SortedPairs.Values | join \" \" -}} {{ else }}{{ printf \"%5.2f|%-8q|%x\" 1.5 \"a\" 255 }}{{ end }}",
        "{{ (index .List 0).At.Format \"2006-01-02 15:04:05.000 MST Z07:00\" }} {{ .List | toJson }} {{ $x := slice \"äbc\" 1 2 }}{{ $x }}",
        "{{ block \"b\" .Map }}{{ reReplaceAll \"(\\\\w+)\" \"${1}x\" .name }}{{ end }}{{/* c */}}{{ title \"a b\" }}{{ and 1 0 | not }}",
        "<a href=\"{{ .Map.name }}\" style='{{ .Map.b }}' onclick={{ .Map }}>{{ .Map.name }}</a><!-- {{ . }} --><script>{{ .Map.b }}</script>",
        "{{ ((index .List 0).At.AddDate 1 2 3).Sub (index .List 0).At }} {{ 0x1F }} {{ 'a' }} {{ 1e3 }} {{ `raw` }} {{ \"\\u00e9\\n\" }}",
    ];

    private static readonly string[] s_pieces =
    [
        "{{", "}}", "{{-", "-}}", "|", "(", ")", "\"", "'", "`", "\\", ".", "$", ":=", "=", ",", " ", "\n", "{{ end }}", "{{ else }}", "-1",
        "99999999999999999999", ".Map", ".List", "index", "slice", "printf \"%999999d%c%U\"", "range", "if", "define \"a\"",
        "template \"a\"", "nil", "<", ">", "/*",
    ];

    [Fact]
    public void Nothing_in_a_template_does_more_than_fail()
    {
        int count = int.Parse(Environment.GetEnvironmentVariable("METRICS_FUZZ") ?? "100000", CultureInfo.InvariantCulture) / 10;
        var random = new Random(42);
        GoStruct data = Data();
        int rendered = 0;
        for (int i = 0; i < count; i++)
        {
            string text = Mutated(s_seeds[i % s_seeds.Length], random);
            try
            {
                GoTemplate.Parse(text, new GoDefines(new Dictionary<string, List<GoNode>>())).Render(data, 0, isHtml: i % 2 == 0);
                rendered++;
            }
            catch (TemplateException e)
            {
                e.Message.Should().NotBeEmpty(text);
            }
        }
        rendered.Should().BeGreaterThan(count / 20);
    }

    private static string Mutated(string seed, Random random)
    {
        var text = new StringBuilder(seed);
        for (int changes = random.Next(1, 4); changes > 0; changes--)
        {
            int at = random.Next(text.Length);
            switch (random.Next(3))
            {
                case 0:
                    text.Remove(at, random.Next(1, Math.Min(8, text.Length - at) + 1));
                    break;
                case 1:
                    text.Insert(at, s_pieces[random.Next(s_pieces.Length)]);
                    break;
                default:
                    string other = s_seeds[random.Next(s_seeds.Length)];
                    int from = random.Next(other.Length);
                    text.Insert(at, other.AsSpan(from, random.Next(other.Length - from)));
                    break;
            }
            if (text.Length == 0)
                text.Append('{');
        }
        return text.ToString();
    }

    private static GoStruct Data()
    {
        var map = new GoMap(new Dictionary<string, string> { ["name"] = "<n>", ["b"] = "\"b\" & javascript:x", ["alertname"] = "Hot" });
        var item = new GoStruct("item", ("Name", "a"), ("At", GoTime.Utc(DateTimeOffset.UnixEpoch)), ("Span", TimeSpan.FromSeconds(1)));
        return new GoStruct("data", ("Map", map), ("List", new GoList("[]item", [item, item])), ("Number", 5L));
    }
}
