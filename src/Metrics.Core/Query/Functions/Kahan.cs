namespace Metrics.Query.Functions;

/// <summary>A sum that keeps what rounding drops (Kahan, in Neumaier's form), as Prometheus sums.</summary>
internal struct Kahan
{
    public double Sum;
    public double Lost;

    public void Add(double value)
    {
        double sum = Sum + value;
        if (double.IsInfinity(sum))
            Lost = 0;
        else if (Math.Abs(Sum) >= Math.Abs(value))
            Lost += Sum - sum + value;
        else
            Lost += value - sum + Sum;
        Sum = sum;
    }

    public readonly double Total => double.IsInfinity(Sum) ? Sum : Sum + Lost;
}

/// <summary>A mean by summing, which turns into an incremental mean where the sum would overflow.</summary>
internal struct Mean
{
    private Kahan _sum;
    private double _count;
    private bool _incremental;

    public void Add(double value)
    {
        _count++;
        if (_count == 1)
        {
            _sum.Sum = value;
            return;
        }
        if (!_incremental)
        {
            Kahan next = _sum;
            next.Add(value);
            if (!double.IsInfinity(next.Sum))
            {
                _sum = next;
                return;
            }
            _incremental = true;
            _sum.Sum /= _count - 1;
            _sum.Lost /= _count - 1;
        }
        double share = (_count - 1) / _count;
        _sum.Sum *= share;
        _sum.Lost *= share;
        _sum.Add(value / _count);
    }

    public readonly bool IsEmpty => _count == 0;

    public readonly double Value => _incremental ? _sum.Sum + _sum.Lost : (_sum.Sum / _count) + (_sum.Lost / _count);
}
