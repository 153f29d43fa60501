using Metrics.Configuration;

namespace Metrics.Tests.Configuration;

/// <summary>Who may look at what is watched does not see its secrets.</summary>
public sealed class ShownUrlTests
{
    [Theory]
    [InlineData("http://a:9100/metrics", "http://a:9100/metrics")]
    [InlineData("https://user:hunter2@a/x", "https://a/x")]
    [InlineData("http://a:9100/m?module=if_mib&api_token=abc&x=1", "http://a:9100/m?module=if_mib&api_token=<secret>&x=1")]
    [InlineData("http://[::1]:9100/m?Password=a%26b", "http://[::1]:9100/m?Password=<secret>")]
    public void Shows_no_secret(string url, string shown) => ShownUrl.Of(new Uri(url)).Should().Be(shown);
}
