using System.Net;
using System.Text;
using Metrics.Formats.Logs;
using Metrics.Model;

namespace Metrics.Tests.Formats.Logs;

public sealed class ForwardedChainTests
{
    private static readonly IPNetwork[] s_trusted = [IPNetwork.Parse("10.0.0.0/24"), IPNetwork.Parse("2001:db8:f::/48")];

    [Theory]
    [InlineData("203.0.113.9", "203.0.113.9")]
    [InlineData("198.51.100.1, 203.0.113.9", "203.0.113.9", "what stands before the nearest may be made up")]
    [InlineData("198.51.100.1,203.0.113.9", "203.0.113.9")]
    [InlineData("203.0.113.9, 10.0.0.5", "203.0.113.9", "behind two proxies")]
    [InlineData("198.51.100.1, 203.0.113.9, 10.0.0.5, 10.0.0.6", "203.0.113.9")]
    [InlineData("10.0.0.7", "10.0.0.7", "a machine of our own")]
    [InlineData("10.0.0.8, 10.0.0.7", "10.0.0.8", "the farthest where all are trusted")]
    [InlineData("", null)]
    [InlineData("-", null)]
    [InlineData(", ,\t,", null)]
    [InlineData("  203.0.113.9 \t", "203.0.113.9")]
    [InlineData("203.0.113.9,, ,10.0.0.5, ,", "203.0.113.9", "empty ones are none")]
    [InlineData("unknown", null)]
    [InlineData("203.0.113.9, unknown", null, "the nearest proxy does not know from whom it has it")]
    [InlineData("unknown, 203.0.113.9", "203.0.113.9")]
    [InlineData("203.0.113.9, _hidden", null)]
    [InlineData("203.0.113.9, garbage, 10.0.0.5", null, "whoever came to 10.0.0.5 is not known")]
    [InlineData("garbage \" ; = , 203.0.113.9", "203.0.113.9")]
    [InlineData("203.0.113.9:4711", "203.0.113.9")]
    [InlineData("203.0.113.9:", null)]
    [InlineData("203.0.113.9:x", null)]
    [InlineData("203.0.113", null)]
    [InlineData("999.0.113.9", null)]
    [InlineData("203.0.113.9/24", null)]
    [InlineData("2001:db8::7", "2001:db8::7")]
    [InlineData("2001:DB8:0:0::7", "2001:db8::7")]
    [InlineData("2001:db8::1:7", "2001:db8::1:7", "a port stands behind brackets alone")]
    [InlineData("[2001:db8::7]", "2001:db8::7")]
    [InlineData("[2001:db8::7]:4711", "2001:db8::7")]
    [InlineData("[2001:db8::7]x", null)]
    [InlineData("[2001:db8::7", null)]
    [InlineData("\"[2001:db8::7]:4711\"", "2001:db8::7", "as Keystone has it of Forwarded")]
    [InlineData("::ffff:203.0.113.9", "203.0.113.9")]
    [InlineData("fe80::1%eth0", null)]
    [InlineData("198.51.100.1, [2001:db8::7]:443, 2001:db8:f::1", "2001:db8::7")]
    [InlineData("for=203.0.113.9", "203.0.113.9")]
    [InlineData("For=203.0.113.9:80", "203.0.113.9")]
    [InlineData("for=198.51.100.1, for=\"[2001:db8::7]:4711\"", "2001:db8::7")]
    [InlineData("for=198.51.100.1;proto=http, proto=https;by=10.0.0.5;for=\"203.0.113.9:_x\"", "203.0.113.9")]
    [InlineData("for=203.0.113.9, for=10.0.0.5;host=\"a;b\"", "203.0.113.9")]
    [InlineData("for=\"open, for=203.0.113.9", "203.0.113.9", "a quote that is left open hides nothing")]
    [InlineData("for=\\x22[2001:db8::7]:4711\\x22;proto=http", "2001:db8::7", "as nginx writes quotes")]
    [InlineData("for=\\\"[2001:db8::7]\\\"", "2001:db8::7", "as Apache writes them")]
    [InlineData("for=#22[2001:db8::7]#22", "2001:db8::7", "as HAProxy writes them")]
    [InlineData("for=unknown", null)]
    [InlineData("for=203.0.113.9, for=\"_gazonk\"", null)]
    [InlineData("203.0.113.9, proto=https", null)]
    [InlineData("for=", null)]
    [InlineData("\"", null)]
    [InlineData("[]", null)]
    [InlineData("[", null)]
    [InlineData(":", null)]
    [InlineData("\0\ufffd, 203.0.113.9", "203.0.113.9")]
    public void The_origin_is_the_nearest_that_is_not_trusted(string chain, string? origin, string why = "") =>
        OriginOf(chain).Should().Be(origin, why);

    [Fact]
    public void A_hundred_that_somebody_made_up_change_nothing()
    {
        OriginOf(string.Join(", ", Enumerable.Repeat("198.51.100.1", 100)) + ", 203.0.113.9").Should().Be("203.0.113.9");
        OriginOf("203.0.113.9, " + string.Join(", ", Enumerable.Repeat("10.0.0.5", 100))).Should().Be("203.0.113.9");
    }

    [Fact]
    public void Whatever_a_client_writes_before_it_the_element_of_the_trusted_proxy_counts()
    {
        const string Parts = "0123456789abcdef.:,; \"'[]=_-\\#%for=unknown\0\u00e9";
        var random = new Random(7);
        for (int n = 0; n < 20_000; n++)
        {
            string forged = string.Concat(Enumerable.Range(0, random.Next(60)).Select(_ => Parts[random.Next(Parts.Length)]));
            OriginOf($"{forged}, 203.0.113.9").Should().Be("203.0.113.9", forged);
            OriginOf($"{forged},for=\"[2001:db8::7]:80\";proto=https, for=10.0.0.5").Should().Be("2001:db8::7", forged);
            OriginOf(forged);
        }
    }

    [Fact]
    public void Of_a_chain_that_was_cut_at_its_end_nobody_says_who_it_was()
    {
        string forged = string.Join(", ", Enumerable.Repeat("198.51.100.1", 1000))[..EventBounds.MaxValueLength];
        OriginOf(forged).Should().BeNull();
    }

    [Fact]
    public void Of_a_chain_that_is_long_the_nearest_stay()
    {
        string forged = string.Join(", ", Enumerable.Repeat("198.51.100.1", 1000));
        var record = new LogRecord();
        record.SetForwardedSource(Encoding.UTF8.GetBytes(forged + ", 203.0.113.9, 10.0.0.5"));
        record[EventFields.SourceIp].Should().Be("10.0.0.5");
        record[EventFields.SourceForwarded].Should().EndWith("198.51.100.1, 203.0.113.9")
            .And.StartWith("198.51.100.1").And.Match(t => t.Length <= 2048);
    }

    private static string? OriginOf(string chain) =>
        ForwardedChain.OriginOf(Encoding.UTF8.GetBytes(chain), a => s_trusted.Any(t => t.Contains(a)))?.ToString();
}
