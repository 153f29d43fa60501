namespace Metrics.Testing;

/// <summary>What code allocates.</summary>
internal static class Allocations
{
    private const int Rounds = 10;

    /// <summary>
    /// The bytes that work allocates on this thread each time: the least of several rounds. A collection that another test causes ends the
    /// thread's piece of the heap, whose rest counts as allocated then; what the work allocates itself shows in every round.
    /// </summary>
    public static long Of(Action work)
    {
        long least = long.MaxValue;
        for (int round = 0; round < Rounds; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            work();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        return least;
    }
}
