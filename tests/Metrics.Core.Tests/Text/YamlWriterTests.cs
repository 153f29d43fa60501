using Metrics.Testing;
using Metrics.Text;

namespace Metrics.Tests.Text;

public sealed class YamlWriterTests
{
    public static TheoryData<string> Texts =>
    [
        "a: 'true'\nb: true\nc: \"12\"\nd: 12\ne: ''\nf:\ng: ~\n",
        "a: { b: { c: [ d, [ e ], { f: g } ] }, h: [], i: {} }",
        "a: |\n  two\n  lines\nb: |-\n  no end\n  here\nc: >-\n  folded\n  text\nd: \"tab\\tand \\u0007 bell\"\n",
        "a: 'it''s: # no comment'\nb: '- no item'\nc: '{{ x }}'\nd: '*no alias'\ne: \"trail  \\n  x \\n\"\nf: '%'\ng: '@x'\n",
        "? 'a: b'\n: c\n'1': d\n'': e\n",
        "a: [ 'x, y', 'z]', '#', \"q\\\"uote\" ]\nb: [ \"two\\nlines\", one ]\n",
        "a: &x { b: c }\nd: *x\ne: { <<: *x, f: g }\n",
    ];

    [Theory]
    [MemberData(nameof(Texts))]
    public void What_is_written_reads_back_as_it_was(string yaml)
    {
        YamlMap tree = Read(yaml);
        Describe(Read(YamlWriter.Write(tree))).Should().Be(Describe(tree));
    }

    [Fact]
    public void Every_rule_file_reads_back_as_it_was()
    {
        string[] files = Directory.GetFiles(Path.Combine(Cases.Repository, "rules"), "*.yaml", SearchOption.AllDirectories);
        files.Should().HaveCountGreaterThan(10);
        foreach (YamlMap tree in files.Select(f => Read(File.ReadAllText(f))))
            Describe(Read(YamlWriter.Write(tree))).Should().Be(Describe(tree));
    }

    private static YamlMap Read(string yaml)
    {
        var problems = new List<Problem>();
        YamlValue? value = YamlComposer.Compose(yaml, "f", problems);
        problems.Should().BeEmpty(yaml);
        return (YamlMap)value!;
    }

    /// <summary>Texts, and whether they are text for sure or may be numbers.</summary>
    private static string Describe(YamlValue value) => value switch
    {
        YamlText { IsNull: true } => "null",
        YamlText text => $"{(text.Plain ? "plain" : "text")}<{text.Text}>",
        YamlList list => $"[{string.Join(",", list.Items.Select(Describe))}]",
        _ => $"{{{string.Join(",", ((YamlMap)value).Entries.Select(e => $"{Describe(e.Key)}:{Describe(e.Value)}"))}}}",
    };
}
