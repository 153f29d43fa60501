using Microsoft.Data.Sqlite;

namespace Metrics.Storage.State;

/// <content>The way into memory and back.</content>
internal sealed partial class SqliteState
{
    private SqliteRefuge? _refuge;

    public override bool IsInRefuge => _refuge is not null;

    public override bool TryTakeRefuge(out bool isWhole)
    {
        isWhole = false;
        if (_refuge is not null)
            return false;
        var refuge = new SqliteRefuge();
        // As long as it is open its log and index are there, for which there would be no room if they had to be made to read it.
        using SqliteConnection? open = _writer;
        _writer = null;
        MoveTo(refuge);
        using StateDb model = Open();
        isWhole = refuge.TryFill(_file, model, time.GetUtcNow().ToUnixTimeMilliseconds());
        return true;
    }

    public override bool TryLeaveRefuge()
    {
        if (_refuge is not { } refuge)
            return false;
        bool isMade = false;
        while (WriteBack(refuge) is { } failure)
        {
            bool isNone = IsDamage(failure) || failure.SqliteErrorCode is SQLitePCL.raw.SQLITE_ERROR or SQLitePCL.raw.SQLITE_CANTOPEN;
            if (isMade || !isNone || !TryMakeFile(refuge))
                return false;
            isMade = true;
        }
        try
        {
            MoveTo(null);
        }
        catch (SqliteException)
        {
            // All is in it; it is made ready when it is next written.
        }
        refuge.Dispose();
        return true;
    }

    /// <returns>Why it could not be done; null when it is.</returns>
    private SqliteException? WriteBack(SqliteRefuge refuge)
    {
        try
        {
            using StateDb model = Open();
            refuge.WriteTo(_file, model);
            return null;
        }
        catch (SqliteException e)
        {
            return e;
        }
    }

    /// <summary>A file that is damaged, or not there, is made anew.</summary>
    private bool TryMakeFile(SqliteRefuge refuge)
    {
        Close();
        _refuge = null;
        try
        {
            PrepareFile();
            return true;
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
        {
            return false;
        }
        finally
        {
            MoveTo(refuge);
        }
    }

    private void MoveTo(SqliteRefuge? refuge)
    {
        Close();
        _refuge = refuge;
        TryPrepare();
    }
}
