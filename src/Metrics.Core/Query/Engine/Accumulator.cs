using System.Runtime.CompilerServices;
using Metrics.Query.Functions;

namespace Metrics.Query.Engine;

/// <summary>What an aggregation knows of a group so far, a value a step.</summary>
internal abstract class Accumulator
{
    /// <summary>The most that one holds for a step, bytes, but for the values of a quantile.</summary>
    public const int MaxBytesPerStep = 48;

    /// <summary>Whether some series of the group is without its name.</summary>
    public bool Nameless { get; set; }

    /// <summary>Takes a series.</summary>
    public abstract void Add(ReadOnlySpan<double> values);

    /// <summary>The group's row.</summary>
    public abstract double[] Result();

    public static Accumulator Of(string op, int steps, double[]? parameter) => op switch
    {
        "sum" => new Summing(steps),
        "avg" => new Averaging(steps),
        "min" => new Choosing(steps, (v, best) => v < best),
        "max" => new Choosing(steps, (v, best) => v > best),
        "count" => new Counting(steps, isGroup: false),
        "group" => new Counting(steps, isGroup: true),
        "stddev" => new Deviating(steps, Math.Sqrt),
        "stdvar" => new Deviating(steps, v => v),
        _ => new Ranking(steps, parameter!),
    };

    private static double[] Gaps(int steps)
    {
        var row = new double[steps];
        Array.Fill(row, NoValue.Value);
        return row;
    }

    private sealed class Summing(int steps) : Accumulator
    {
        private readonly double[] _sums = Gaps(steps);
        private readonly double[] _lost = new double[steps];

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override void Add(ReadOnlySpan<double> values)
        {
            double[] sums = _sums, lost = _lost;
            for (int i = 0; i < values.Length; i++)
            {
                double value = values[i];
                if (NoValue.Is(value))
                    continue;
                double sum = sums[i];
                if (NoValue.Is(sum))
                {
                    sums[i] = value;
                    continue;
                }
                double next = sum + value;
                lost[i] = double.IsInfinity(next)
                    ? 0
                    : lost[i] + (Math.Abs(sum) >= Math.Abs(value) ? sum - next + value : value - next + sum);
                sums[i] = next;
            }
        }

        public override double[] Result()
        {
            for (int i = 0; i < _sums.Length; i++)
                _sums[i] = NoValue.Is(_sums[i]) ? NoValue.Value : _sums[i] + _lost[i];
            return _sums;
        }
    }

    private sealed class Averaging(int steps) : Accumulator
    {
        private readonly Mean[] _means = new Mean[steps];

        public override void Add(ReadOnlySpan<double> values)
        {
            for (int i = 0; i < values.Length; i++)
            {
                if (!NoValue.Is(values[i]))
                    _means[i].Add(values[i]);
            }
        }

        public override double[] Result() => Array.ConvertAll(_means, m => m.IsEmpty ? NoValue.Value : m.Value);
    }

    private sealed class Choosing(int steps, Func<double, double, bool> beats) : Accumulator
    {
        private readonly double[] _best = Gaps(steps);

        public override void Add(ReadOnlySpan<double> values)
        {
            for (int i = 0; i < values.Length; i++)
            {
                // A gap so far is NaN too, and any value is better than NaN.
                if (!NoValue.Is(values[i]) && (double.IsNaN(_best[i]) || beats(values[i], _best[i])))
                    _best[i] = values[i];
            }
        }

        public override double[] Result() => _best;
    }

    private sealed class Counting(int steps, bool isGroup) : Accumulator
    {
        private readonly double[] _counts = new double[steps];

        public override void Add(ReadOnlySpan<double> values)
        {
            for (int i = 0; i < values.Length; i++)
            {
                if (!NoValue.Is(values[i]))
                    _counts[i]++;
            }
        }

        public override double[] Result() => Array.ConvertAll(_counts, c => c == 0 ? NoValue.Value : isGroup ? 1 : c);
    }

    private sealed class Deviating(int steps, Func<double, double> result) : Accumulator
    {
        private readonly (double Count, double Mean, double Squares)[] _steps = new (double, double, double)[steps];

        public override void Add(ReadOnlySpan<double> values)
        {
            for (int i = 0; i < values.Length; i++)
            {
                double value = values[i];
                if (NoValue.Is(value))
                    continue;
                ref (double Count, double Mean, double Squares) step = ref _steps[i];
                if (step.Count++ == 0)
                {
                    step.Mean = value;
                    step.Squares = double.IsFinite(value) ? 0 : double.NaN;
                    continue;
                }
                double delta = value - step.Mean;
                step.Mean += delta / step.Count;
                step.Squares += delta * (value - step.Mean);
            }
        }

        public override double[] Result() => Array.ConvertAll(_steps, s => s.Count == 0 ? NoValue.Value : result(s.Squares / s.Count));
    }

    private sealed class Ranking(int steps, double[] quantiles) : Accumulator
    {
        private readonly List<double>?[] _values = new List<double>?[steps];

        public override void Add(ReadOnlySpan<double> values)
        {
            for (int i = 0; i < values.Length; i++)
            {
                if (!NoValue.Is(values[i]))
                    (_values[i] ??= []).Add(values[i]);
            }
        }

        public override double[] Result()
        {
            double[] row = Gaps(_values.Length);
            for (int i = 0; i < row.Length; i++)
            {
                if (_values[i] is { } values)
                    row[i] = Quantiles.Of(quantiles[i], System.Runtime.InteropServices.CollectionsMarshal.AsSpan(values));
            }
            return row;
        }
    }
}
