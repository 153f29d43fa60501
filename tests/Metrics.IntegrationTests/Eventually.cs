namespace Metrics.IntegrationTests;

/// <summary>Waits for something another process does, by asking until a deadline.</summary>
internal static class Eventually
{
    public static async Task Async(Func<Task<bool>> condition, string what, TimeSpan? patience = null)
    {
        using var deadline = new CancellationTokenSource(patience ?? Daemon.Patience, TimeProvider.System);
        Exception? last = null;
        while (!deadline.IsCancellationRequested)
        {
            try
            {
                if (await condition())
                    return;
            }
            catch (Exception e) when (e is HttpRequestException or IOException or TaskCanceledException)
            {
                last = e;
            }
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, CancellationToken.None);
        }
        throw new TimeoutException($"It did not come about in time: {what}", last);
    }
}
