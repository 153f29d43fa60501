namespace Metrics.Testing;

/// <summary>What code allocates.</summary>
internal static class Allocations
{
    private const int Rounds = 10;
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The bytes that work allocates on this thread each time: the least of several rounds. A collection that another test causes ends the
    /// thread's piece of the heap, whose rest counts as allocated then; and code of the runtime that is not optimised yet boxes what it
    /// keeps in registers later, so there are more rounds until nothing is allocated, up to a deadline. What the work allocates itself
    /// shows in every round.
    /// </summary>
    /// <param name="work">The work.</param>
    /// <param name="prepare">What is done before each round and does not count.</param>
    public static long Of(Action work, Action? prepare = null)
    {
        long least = long.MaxValue;
        long began = TimeProvider.System.GetTimestamp();
        for (int round = 0; round < Rounds || (least > 0 && TimeProvider.System.GetElapsedTime(began) < s_deadline); round++)
        {
            prepare?.Invoke();
            long before = GC.GetAllocatedBytesForCurrentThread();
            work();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        return least;
    }
}
