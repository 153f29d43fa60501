using Metrics.Pollers.OpenStack;
using Metrics.Pollers.OpenStack.Client;

namespace Metrics.Tests.Pollers.OpenStack;

public sealed class WatchedCloudTests
{
    [Fact]
    public async Task Changed_settings_of_a_cloud_end_no_series_before_the_new_session_has_logged_in()
    {
        using var stub = new StubCloud();
        using WatchedCloud before = stub.Connect();
        before.Knows(CloudService.Nova).Should().BeFalse("nobody has logged in");
        await before.Session.GetAsync(CancellationToken.None);
        before.Knows(CloudService.Nova).Should().BeTrue();

        using WatchedCloud after = stub.Connect();
        after.TakeOverFrom(before);
        (after.Knows(CloudService.Nova), after.Knows(CloudService.Heat)).Should().Be((true, false), "what the session before it knew");
        stub.Token = """{"token":{"expires_at":"2026-03-10T13:00:00.000000Z","project":{"id":"own"},"catalog":[]}}""";
        stub.Answers["/identity/v3/services"] = "{\"services\":[]}";
        stub.Answers["/identity/v3/endpoints"] = "{\"endpoints\":[]}";
        await after.Session.GetAsync(CancellationToken.None);
        after.Knows(CloudService.Nova).Should().BeFalse("its own catalogue counts");
    }
}
