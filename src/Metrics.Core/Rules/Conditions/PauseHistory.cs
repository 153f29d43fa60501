using System.Buffers.Binary;

namespace Metrics.Rules.Conditions;

/// <summary>
/// How long the pauses of a source were, in classes that grow by half, with weights that fade. What speaks to the clock is missed soon
/// after its time; what speaks by chance, when it has been silent for much longer than ever.
/// </summary>
internal sealed class PauseHistory
{
    private const int Classes = 40;

    /// <summary>Bytes of <see cref="Write"/>.</summary>
    public const int Bytes = Classes * 4;

    private const double FirstClass = 0.5, Growth = 1.5;

    /// <summary>Of fewer pauses than these nothing is concluded.</summary>
    private const double Enough = 10;

    /// <summary>What has faded so far is forgotten: a pause of once, five weeks ago.</summary>
    private const float Forgotten = 0.25f;

    /// <summary>How steeply the tail falls, at least and at most: pauses by chance have long tails, those by the clock none.</summary>
    private const double MinSteepness = 2, MaxSteepness = 8;

    private readonly float[] _pauses = new float[Classes];
    private double _all;
    private int _last = -1;
    private double _steepness;

    /// <summary>Whether a pause is longer than all that are known, and these are enough to say so.</summary>
    public bool IsLongerThanEver(double pause) => _all >= Enough && ClassOf(pause) > _last;

    /// <summary>Notes a pause that is over.</summary>
    public void Add(double pause)
    {
        _pauses[ClassOf(pause)] += 1;
        Sum();
    }

    public void Fade(float by)
    {
        for (int i = 0; i < Classes; i++)
            _pauses[i] = _pauses[i] * by is var faded and >= Forgotten ? faded : 0;
        Sum();
    }

    /// <summary>How probable a pause of this length or longer is; 1 while too few are known.</summary>
    public double Probability(double pause)
    {
        if (pause <= 0 || _all < Enough)
            return 1;
        int mine = ClassOf(pause);
        if (mine > _last)
            return 1 / (_all + 1) * Math.Min(1, Math.Pow(EndOf(_last) / pause, _steepness));
        double longer = 0;
        for (int i = mine; i <= _last; i++)
            longer += _pauses[i];
        return Math.Min(1, (longer + 1) / (_all + 1));
    }

    public void Write(Span<byte> to)
    {
        for (int i = 0; i < Classes; i++)
            BinaryPrimitives.WriteSingleLittleEndian(to[(i * 4)..], _pauses[i]);
    }

    public void Read(ReadOnlySpan<byte> from)
    {
        for (int i = 0; i < Classes; i++)
            _pauses[i] = BinaryPrimitives.ReadSingleLittleEndian(from[(i * 4)..]) is var pauses && float.IsFinite(pauses) ? pauses : 0;
        Sum();
    }

    private void Sum()
    {
        _all = 0;
        _last = -1;
        for (int i = 0; i < Classes; i++)
        {
            _all += _pauses[i];
            _last = _pauses[i] > 0 ? i : _last;
        }
        _steepness = Steepness();
    }

    /// <summary>Hill's estimate over the longest tenth: the more they differ, the farther beyond them the next may lie.</summary>
    /// <remarks>B. M. Hill, A Simple General Approach to Inference About the Tail of a Distribution, 1975.</remarks>
    private double Steepness()
    {
        double tenth = Math.Max(Enough, _all / 10), taken = 0, classes = 0;
        int least = _last;
        for (; least >= 0 && taken < tenth; least--)
            taken += _pauses[least];
        least++;
        for (int i = least; i <= _last; i++)
            classes += _pauses[i] * (i - least);
        return taken <= 0 ? MinSteepness : Math.Clamp(taken / (classes * Math.Log(Growth)), MinSteepness, MaxSteepness);
    }

    private static double EndOf(int place) => FirstClass * Math.Pow(Growth, place);

    private static int ClassOf(double pause) => pause < FirstClass
        ? 0
        : Math.Min(Classes - 1, 1 + (int)Math.Floor(Math.Log(pause / FirstClass) / Math.Log(Growth)));
}
