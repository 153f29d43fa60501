using System.Text;
using Metrics.Formats.Logs.Templates;

namespace Metrics.Tests.Formats.Logs.Templates;

/// <summary>Drain, by the rules of its paper.</summary>
public sealed class TemplateTreeTests
{
    private readonly TemplateTree _tree = new(seed: 7);
    private readonly byte[] _masked = new byte[LineMask.MaxLength];

    [Fact]
    public void Lines_that_differ_in_a_word_are_of_one_kind_and_the_word_is_masked()
    {
        LineTemplate first = Learn("Authorization failed for user ann from console");
        Learn("Authorization failed for user bob from console").Should().BeSameAs(first);
        LineMask.Show(first.Masked).Should().Be("Authorization failed for user <*> from console");
        first.Example.Should().Be("Authorization failed for user ann from console");
        _tree.Count.Should().Be(1);
    }

    [Fact]
    public void Lines_of_another_length_or_with_another_first_word_are_of_other_kinds()
    {
        Learn("Starting nova-compute on the node");
        Learn("Stopping nova-compute on the node");
        Learn("Starting nova-compute on the node again");
        _tree.Count.Should().Be(3);
    }

    [Fact]
    public void Too_little_in_common_is_another_kind()
    {
        LineTemplate one = Learn("Lost connection to the broker");
        LineTemplate other = Learn("Lost track of a volume");
        other.Should().NotBeSameAs(one);
        LineMask.Show(one.Masked).Should().Be("Lost connection to the broker", "nothing of it was widened");
    }

    [Fact]
    public void The_kind_that_shares_most_is_taken()
    {
        LineTemplate volumes = Learn("Cannot attach volume one to server red now");
        LineTemplate ports = Learn("Cannot bind the port of server red now");
        Learn("Cannot attach volume two to server blue now").Should().BeSameAs(volumes);
        Learn("Cannot bind the port of server blue now").Should().BeSameAs(ports);
    }

    [Fact]
    public void However_often_a_kind_was_widened_its_first_lines_are_still_of_it()
    {
        string[] lines = [.. Enumerable.Range(0, 200).Select(n => $"Port {Word(n)} of router {Word(n * 7)} is now up and fine here")];
        LineTemplate kind = Learn(lines[0]);
        foreach (string line in lines)
            Learn(line).Should().BeSameAs(kind);
        foreach (string line in lines)
            Learn(line).Should().BeSameAs(kind);
    }

    [Fact]
    public void First_words_that_are_names_without_end_share_a_place()
    {
        for (int n = 0; n < 5_000; n++)
            Learn($"{Word(n)} has logged in to the console");
        _tree.Count.Should().BeLessThanOrEqualTo(101);
    }

    [Fact]
    public void What_was_removed_is_new_again_and_leaves_nothing_behind()
    {
        LineTemplate kind = Learn("something happened");
        _tree.Remove(kind);
        (_tree.Count, _tree.Bytes, kind.IsGone).Should().Be((0, 0, true));
        Learn("something happened").Should().NotBeSameAs(kind);
    }

    [Fact]
    public void A_kind_that_was_stored_is_known_to_another_tree_with_another_seed()
    {
        LineTemplate kind = Learn("Authorization failed for user ann from 192.0.2.7");
        Learn("Authorization failed for user bob from 192.0.2.8");
        var other = new TemplateTree(seed: 8);
        LineTemplate stored = other.Add(kind.Id, Encoding.UTF8.GetBytes(kind.Masked), Encoding.UTF8.GetBytes(kind.Example), kind.First);
        int length = LineMask.Mask("Authorization failed for user carl from 192.0.2.9"u8, _masked);
        other.Find(_masked.AsSpan(0, length)).Should().BeSameAs(stored);
    }

    [Fact]
    public void A_line_of_a_thousand_words_is_a_kind_by_its_first_ones()
    {
        string start = string.Join(' ', Enumerable.Range(0, 64).Select(Word));
        LineTemplate kind = Learn(start + " a b");
        Learn(start + " c d e f").Should().BeSameAs(kind);
    }

    /// <summary>A word of letters for a number.</summary>
    private static string Word(int number) =>
        string.Concat(number.ToString(System.Globalization.CultureInfo.InvariantCulture).Select(d => (char)('a' + d - '0')));

    private LineTemplate Learn(string line)
    {
        byte[] text = Encoding.UTF8.GetBytes(line);
        int length = LineMask.Mask(text, _masked);
        return _tree.Find(_masked.AsSpan(0, length)) ?? _tree.Add(_tree.Count + 1, _masked.AsSpan(0, length), text, 0);
    }
}
