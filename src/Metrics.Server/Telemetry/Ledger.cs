using System.Collections.Concurrent;

namespace Metrics.Telemetry;

/// <summary>
/// Whether all that was accepted is accounted for: accepted = stored + refused for a reason + under way. Each account says what is missing
/// at a moment, from counts that are kept at different places; what is missing at every look of a minute is missing indeed, what is
/// missing at one of them was on its way from one count to the next.
/// </summary>
internal sealed class Ledger(MetricRegistry registry)
{
    private readonly ConcurrentDictionary<string, Account> _accounts = new();

    /// <summary>An account and what was missing at the looks of this minute.</summary>
    /// <param name="Missing">What is accepted and not accounted for; less than zero when more came out than in.</param>
    private sealed record Account(Func<double> Missing)
    {
        private double? _least;

        public void Look()
        {
            double missing = Missing();
            if (_least is not { } least)
                _least = missing;
            else if (missing * least <= 0)
                _least = 0;
            else if (Math.Abs(missing) < Math.Abs(least))
                _least = missing;
        }

        public double Close()
        {
            double least = _least ?? 0;
            _least = null;
            return least;
        }
    }

    /// <summary>What it says of itself.</summary>
    public LedgerMetrics Metrics { get; } = new(registry);

    /// <summary>Opens an account.</summary>
    /// <param name="account">Its name, as the metric has it.</param>
    /// <param name="missing">What is accepted and not accounted for: reads first what came out, then what went in.</param>
    public void Open(string account, Func<double> missing)
    {
        _accounts[account] = new Account(missing);
        Metrics.Imbalance.WithLabels(account).Set(0);
    }

    /// <summary>Looks at every account.</summary>
    public void Look()
    {
        foreach (Account account in _accounts.Values)
            account.Look();
    }

    /// <summary>Closes the minute.</summary>
    /// <returns>The accounts with something missing.</returns>
    public IReadOnlyList<(string Account, double Missing)> Close()
    {
        var missing = new List<(string Account, double Missing)>();
        foreach ((string name, Account account) in _accounts)
        {
            double least = account.Close();
            Metrics.Imbalance.WithLabels(name).Set(least);
            if (least != 0)
                missing.Add((name, least));
        }
        Metrics.Checks.Inc();
        return missing;
    }
}
