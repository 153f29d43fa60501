using System.Text;
using Metrics.Formats.Logs.Templates;

namespace Metrics.Tests.Formats.Logs.Templates;

public sealed class LineMaskTests
{
    [Theory]
    [InlineData("Took 19.84 seconds to build instance.", "Took <NUM> seconds to build instance.")]
    [InlineData("retry in 12ms with 3.5GiB used (97%)", "retry in <NUM> with <NUM> used (<NUM>%)")]
    [InlineData("at 2026-11-26T10:00:00Z or 10:00:00", "at <NUM> or <NUM>")]
    [InlineData("Thu Nov 26 10:00:00 started", "<NUM> started")]
    [InlineData("May the force be with you", "May the force be with you")]
    [InlineData("oops at 0x7ffd12ab, commit 9f86d081884c7d65", "oops at <HEX>, commit <HEX>")]
    [InlineData("from 192.0.2.7:5672 to 192.0.2.1", "from <IP> to <IP>")]
    [InlineData("fe80::5054:ff:fe12:3456 is 52:54:00:12:34:56", "<IP> is <IP>")]
    [InlineData("[instance: b9000564-fe1a-409b-b8cc-1e88b294cd1d] gone", "[instance: <UUID>] gone")]
    [InlineData("Deleting /var/lib/nova/instances/a1 (complete)", "Deleting <PATH> (complete)")]
    [InlineData("GET http://10.0.0.1:8774/v2.1/servers failed", "GET <PATH> failed")]
    [InlineData("tap5f1c2a and eth0 joined br-int", "<*> and <*> joined br-int")]
    [InlineData("either/or stays", "either/or stays")]
    [InlineData("user='ann7', id=5", "user='<*>', id=<NUM>")]
    [InlineData("cpus 0 1 2 3 and 4,5,6,7", "cpus <NUM> and <NUM>")]
    [InlineData("  many\t blanks   here  ", "many blanks here")]
    [InlineData("first line\nTraceback", "first line")]
    [InlineData("\u0001 is no mask \u0006", "is no mask")]
    [InlineData("", "")]
    [InlineData("größe 5 größer", "größe <NUM> größer")]
    public void What_changes_from_line_to_line_is_masked_and_words_stay(string line, string expected) =>
        LineMask.Show(Mask(line)).Should().Be(expected);

    [Fact]
    public void No_line_becomes_longer_and_none_is_too_much()
    {
        var random = new Random(3);
        byte[] line = new byte[3 * LineMask.MaxLength];
        for (int n = 0; n < 20_000; n++)
        {
            int length = random.Next(line.Length);
            const string Signs = "0123456789abcdefxyz ABC:./-=,;()[]{}<>\"'|&?!`\t\r\n\\~%+\u0001\u0006";
            foreach (ref byte c in line.AsSpan(0, length))
                c = random.Next(8) == 0 ? (byte)random.Next(256) : (byte)Signs[random.Next(Signs.Length)];
            byte[] masked = new byte[LineMask.MaxLength];
            LineMask.Mask(line.AsSpan(0, length), masked).Should().BeLessThanOrEqualTo(Math.Min(length, LineMask.MaxLength));
        }
    }

    private static string Mask(string line)
    {
        byte[] masked = new byte[LineMask.MaxLength];
        return Encoding.UTF8.GetString(masked, 0, LineMask.Mask(Encoding.UTF8.GetBytes(line), masked));
    }
}
