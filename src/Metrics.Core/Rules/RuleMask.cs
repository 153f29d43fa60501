using System.Numerics;

namespace Metrics.Rules;

/// <summary>Some of a group's rules, by their place in the file. Not for use by two threads at once.</summary>
public sealed class RuleMask(int count)
{
    private readonly ulong[] _words = new ulong[(count + 63) / 64];

    /// <summary>All that are in some of several masks of one group; there is at least one.</summary>
    public static RuleMask Of(IEnumerable<RuleMask> masks)
    {
        RuleMask? all = null;
        foreach (RuleMask mask in masks)
            (all ??= new RuleMask(mask.Size)).Add(mask);
        return all!;
    }

    /// <summary>How many rules the group has.</summary>
    public int Size => count;

    /// <summary>How many of them are chosen.</summary>
    public int Count
    {
        get
        {
            int chosen = 0;
            foreach (ulong word in _words)
                chosen += BitOperations.PopCount(word);
            return chosen;
        }
    }

    /// <summary>Whether a rule is chosen.</summary>
    public bool this[int rule] => (_words[rule / 64] >> (rule % 64) & 1) != 0;

    /// <summary>Chooses a rule.</summary>
    public void Add(int rule) => _words[rule / 64] |= 1UL << (rule % 64);

    /// <summary>Chooses those of another mask of the same group too.</summary>
    public void Add(RuleMask others)
    {
        for (int i = 0; i < _words.Length; i++)
            _words[i] |= others._words[i];
    }
}
