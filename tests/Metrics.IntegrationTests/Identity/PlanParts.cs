namespace Metrics.IntegrationTests.Identity;

/// <summary>An account of a run.</summary>
/// <param name="Name">Its name.</param>
/// <param name="IsEnabled">Whether it may log in.</param>
/// <param name="IsExpired">Whether its password has expired.</param>
/// <param name="IsExempt">Whether no failures lock it (<c>ignore_lockout_failure_attempts</c>).</param>
internal sealed record Account(string Name, bool IsEnabled = true, bool IsExpired = false, bool IsExempt = false);

/// <summary>Somebody tries to log in.</summary>
/// <param name="User">As whom.</param>
/// <param name="Origin">From which address.</param>
/// <param name="IsRight">Whether with the right password.</param>
/// <param name="Pause">Milliseconds before the next one.</param>
/// <param name="IsIn">Whether Keystone must let it in; null where that hangs on what others do.</param>
internal sealed record LogIn(string User, string Origin, bool IsRight, int Pause, bool? IsIn = null)
{
    /// <summary>Whether that is no attacker, but the person whose account it is.</summary>
    public bool IsOwner { get; init; }
}

/// <summary>Log-ins one behind the other, beside those of other lanes.</summary>
/// <param name="Name">What is done.</param>
/// <param name="Delay">Milliseconds until it begins.</param>
/// <param name="LogIns">The log-ins.</param>
internal sealed record Lane(string Name, int Delay, IReadOnlyList<LogIn> LogIns);

/// <summary>What is to be told of an attack.</summary>
/// <param name="Attack">The attack, as the table names it.</param>
/// <param name="Alert">Name of the alert.</param>
/// <param name="User">The account that it names; null where it names none.</param>
/// <param name="Origin">The address that it names; null where that may be any or none, empty where it names none.</param>
internal sealed record ExpectedAlert(string Attack, string Alert, string? User, string? Origin)
{
    /// <summary>The lane that does it.</summary>
    public string Lane { get; init; } = Attack;

    public bool Is(ToldAlert told) =>
        told.Name == Alert && (User is null ? told.User.Length == 0 : told.User == User) && (Origin is null || told.Origin == Origin);
}

/// <summary>An alert that has fired.</summary>
/// <param name="Name">Its name.</param>
/// <param name="User">The account that it names.</param>
/// <param name="Origin">The address that it names.</param>
internal readonly record struct ToldAlert(string Name, string User, string Origin)
{
    public override string ToString() => string.Join(' ', ((string[])[Name, User, Origin]).Where(t => t.Length > 0));
}
