using Metrics.Model;

namespace Metrics.Fuzz;

/// <summary>What must hold of a reader does not.</summary>
internal sealed class FuzzException(string what) : Exception(what)
{
    /// <summary>Two ways to the same must give the same.</summary>
    public static void IfNotEqual(string one, string other, string what)
    {
        if (one != other)
            throw new FuzzException($"{what}:\n{one}\n{other}");
    }

    /// <summary>What is caught so that a record is kept is a fault all the same.</summary>
    public static void IfFaults(EventBatch batch)
    {
        if (batch.Faults.Count > 0)
            throw batch.Faults[0];
    }
}
