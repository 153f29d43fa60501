namespace Metrics.Testing;

/// <summary>Waits for something that another thread or process does, by asking until a deadline.</summary>
internal static class Eventually
{
    /// <summary>Long enough for a machine that is busy with other things: only a test that fails waits so long.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>Waits for what another process does.</summary>
    /// <exception cref="TimeoutException">It did not come about; what the last question failed with is within.</exception>
    public static Task Async(Func<Task<bool>> condition, string what, TimeSpan? patience = null) =>
        AskAsync(condition, what, patience ?? Patience, TimeSpan.FromMilliseconds(50));

    /// <summary>Waits for what another thread of this process does.</summary>
    /// <exception cref="TimeoutException">It did not come about.</exception>
    public static Task Async(Func<bool> condition, string what) =>
        AskAsync(() => Task.FromResult(condition()), what, Patience, TimeSpan.FromMilliseconds(5));

    private static async Task AskAsync(Func<Task<bool>> condition, string what, TimeSpan patience, TimeSpan pause)
    {
        using var deadline = new CancellationTokenSource(patience, TimeProvider.System);
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
            await Task.Delay(pause, TimeProvider.System, CancellationToken.None);
        }
        throw new TimeoutException($"It did not come about in time: {what}", last);
    }
}
