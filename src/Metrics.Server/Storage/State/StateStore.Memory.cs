namespace Metrics.Storage.State;

/// <content>
/// While its file cannot be written the state goes on in memory: who is on call must hear of alerts before an operator has made room on a
/// disk.
/// </content>
internal sealed partial class StateStore
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    /// <summary>When the first write failed of those since one succeeded; null when none did.</summary>
    private long? _failingSince;

    /// <summary>Whether the state is kept in memory now, since its file could not be written.</summary>
    public bool IsInMemory => _backend.IsInRefuge;

    /// <summary>Goes back from memory to the file, if it is there and the file can be written again.</summary>
    public void TryLeaveMemory()
    {
        lock (_writing)
        {
            if (!IsInMemory)
                return;
            DropStatements();
            if (_backend.TryLeaveRefuge())
                LogWorksAgain(_backend.Name);
        }
    }

    private void LeaveMemoryAtLast()
    {
        TryLeaveMemory();
        if (IsInMemory)
            LogLostMemory(_backend.Name);
    }

    /// <returns>Whether the state has gone to memory: it was not there, and nobody can wait any longer.</returns>
    private bool TryMoveToMemory()
    {
        _failingSince ??= _time.GetTimestamp();
        if (_time.GetElapsedTime(_failingSince.Value) < s_patience)
            return false;
        DropStatements();
        if (!_backend.TryTakeRefuge(out bool isWhole))
            return false;
        LogInMemory(_backend.Name);
        if (!isWhole)
            Rebuilt?.Invoke();
        return true;
    }

    [LoggerMessage(Level = LogLevel.Critical,
        Message = "The {Name} could not be written for half a minute: the state is kept in memory until it can. Alerts and messages go on; "
            + "what changes from now on is lost if this process is killed")]
    private partial void LogInMemory(string name);

    [LoggerMessage(Level = LogLevel.Critical,
        Message = "The {Name} cannot be written at the end either: what has changed in memory is lost. Alerts that hold fire again, and some "
            + "messages come twice")]
    private partial void LogLostMemory(string name);
}
