using System.Buffers;
using System.Runtime.CompilerServices;

namespace Metrics.Model;

/// <summary>
/// The arrays of batches. Large ones come from a pool of which few are kept: the runtime's own keeps some of each size for each thread and
/// processor, and batches are filled by one thread and given back by another.
/// </summary>
internal static class BatchArrays<T>
{
    private const int LargeBytes = 64 << 10;
    private const int MaxLength = 16 << 20;
    private const int KeptOfASize = 2;

    private static readonly ArrayPool<T> s_large = ArrayPool<T>.Create(MaxLength, KeptOfASize);
    private static readonly int s_largeLength = LargeBytes / Unsafe.SizeOf<T>();

    /// <summary>An array with at least so many elements, whatever is in it.</summary>
    public static T[] Rent(int length) => PoolOf(length).Rent(length);

    /// <summary>Gives one back.</summary>
    public static void Return(T[] array) => PoolOf(array.Length).Return(array);

    private static ArrayPool<T> PoolOf(int length) => length > s_largeLength ? s_large : ArrayPool<T>.Shared;
}
