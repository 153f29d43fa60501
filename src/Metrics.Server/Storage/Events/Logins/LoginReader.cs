using System.Globalization;
using DuckDB.NET.Data;
using Metrics.Model;

namespace Metrics.Storage.Events.Logins;

/// <summary>
/// Asks the event log about log-ins at the Identity service. Of one attempt there may be several records, a notification and lines of a
/// log: those of one request are one attempt. A record that has an id alone gets the name that others have for it.
/// </summary>
/// <param name="connection">Of one reading; null where there are no tables.</param>
/// <param name="tables">Those in which something may be.</param>
/// <param name="from">Earliest time, nanoseconds since 1970 UTC, inclusive.</param>
/// <param name="to">Latest time, inclusive.</param>
/// <param name="ct">Ends a question.</param>
internal sealed class LoginReader(
    DuckDBConnection? connection, IReadOnlyList<EventTable> tables, long from, long to, CancellationToken ct)
{
    /// <summary>Accounts that are looked at: those seen last.</summary>
    private const int MaxAccounts = 100_000;

    private const long NanosecondsPerDay = 86_400_000_000_000;

    /// <param name="limit">Accounts and addresses that are told at most, of each.</param>
    public FailedLogins Failures(int limit)
    {
        if (tables.Count == 0)
            return FailedLogins.None;
        Run("CREATE TEMP TABLE login_attempts AS " + Attempts);
        (long failures, long unnamed) = Read(
            "SELECT count(*) FILTER (failed), count(*) FILTER (failed AND account = '') FROM login_attempts",
            r => (r.GetInt64(0), r.GetInt64(1)))[0];
        (List<FailedLogin> accounts, long accountsInAll) = By("account", "source", limit);
        (List<FailedLogin> origins, long originsInAll) = By("source", "account", limit);
        return new FailedLogins(failures, unnamed, accounts, accountsInAll, origins, originsInAll);
    }

    /// <summary>When accounts were seen last.</summary>
    public LoginHistory History()
    {
        if (tables.Count == 0)
            return LoginHistory.None;
        Run("CREATE TEMP TABLE login_attempts AS " + Attempts);
        (long Failures, long? First, long? Last) known = Read(
            "SELECT count(*) FILTER (failed), min(time) FILTER (NOT failed AND by_keystone), "
            + "max(time) FILTER (NOT failed AND by_keystone) FROM login_attempts",
            r => (r.GetInt64(0), Time(r, 1), Time(r, 2)))[0];
        // Names that no account has are whatever somebody has typed.
        List<SeenAccount> accounts = Read(string.Create(CultureInfo.InvariantCulture, $"""
            SELECT account, max(user_id), max(time) FILTER (NOT failed), max(time) FILTER (failed) FROM login_attempts
            WHERE account <> '' AND NOT starts_with(reason, 'Could not find user')
            GROUP BY account ORDER BY max(time) DESC LIMIT {MaxAccounts}
            """), r => new SeenAccount(r.GetString(0), r.GetString(1), Time(r, 2), Time(r, 3)));
        return new LoginHistory(tables.Min(t => t.MinTime), known.Failures, known.First, known.Last, HasAnswers(), accounts);
    }

    private string Attempts => $"""
        WITH records AS ({string.Join(" UNION ALL ", tables.Select(RecordsOf))}),
        named AS (SELECT user_id, max(user_name) AS known FROM records WHERE user_id <> '' AND user_name <> '' GROUP BY user_id)
        SELECT min(time) AS time, outcome = 'failure' AS failed, max(kind) = '{EventKinds.IdentityLockout}' AS locked,
            max_by(CASE WHEN user_name <> '' THEN user_name ELSE coalesce(known, user_id) END, weight) AS account,
            max_by(user_id, weight) AS user_id, max(source) AS source, max_by(reason, weight) AS reason,
            bool_or(service <> 'horizon') AS by_keystone
        FROM (SELECT *, CASE WHEN user_name <> '' THEN 2 WHEN user_id <> '' THEN 1 ELSE 0 END AS weight
              FROM records LEFT JOIN named USING (user_id))
        WHERE outcome IN ('success', 'failure')
        GROUP BY outcome, CASE WHEN request = '' THEN id::VARCHAR ELSE request END
        """;

    private string RecordsOf(EventTable table) => $"""
        SELECT id, time, kind, coalesce(service, '') AS service, {Field(EventFields.Outcome)} AS outcome,
            {Field(EventFields.UserName)} AS user_name, {Field(EventFields.UserId)} AS user_id, {Field(EventFields.SourceIp)} AS source,
            {Field(EventFields.Reason)} AS reason, {Field(EventFields.RequestId)} AS request
        FROM {table.Name}
        WHERE kind IN ('{EventKinds.IdentityAuthenticate}', '{EventKinds.IdentityLockout}') AND {Within(table, from)}
        """;

    private (List<FailedLogin> All, long InAll) By(string what, string others, int limit)
    {
        var found = Read(string.Create(CultureInfo.InvariantCulture, $"""
            SELECT {what}, max({(what == "account" ? "user_id" : "''")}), count(*) FILTER (failed) AS failures,
                count(*) FILTER (failed AND locked), count(DISTINCT {others}) FILTER (failed AND {others} <> ''),
                min(time) FILTER (failed), max(time) FILTER (failed), max(time) FILTER (NOT failed),
                coalesce(mode(reason) FILTER (failed AND reason <> ''), ''), count(*) OVER ()
            FROM login_attempts WHERE {what} <> '' GROUP BY {what} HAVING failures > 0 ORDER BY failures DESC, {what} LIMIT {limit}
            """), r => (Row: new FailedLogin(
                r.GetString(0), r.GetString(1), r.GetInt64(2), r.GetInt64(3), r.GetInt64(4), r.GetInt64(5), r.GetInt64(6), Time(r, 7),
                r.GetString(8)), InAll: r.GetInt64(9)));
        return ([.. found.Select(f => f.Row)], found.Count == 0 ? 0 : found[0].InAll);
    }

    private bool HasAnswers()
    {
        IEnumerable<string> parts = tables.Where(t => t.MaxTime >= to - NanosecondsPerDay).Select(t =>
            $"(SELECT 1 FROM {t.Name} WHERE kind = '{EventKinds.HttpRequest}' AND {Within(t, to - NanosecondsPerDay)} "
            + $"AND contains({Field(EventFields.Url)}, '/auth/tokens') AND {Field(EventFields.HttpMethod)} = 'POST' "
            + $"AND {Field(EventFields.HttpStatus)} = '201' LIMIT 1)");
        string sql = string.Join(" UNION ALL ", parts);
        return sql.Length > 0 && Read(sql, r => r.GetInt32(0)).Count > 0;
    }

    private string Within(EventTable table, long begin) => string.Create(CultureInfo.InvariantCulture,
        $"id BETWEEN {table.FirstId} AND {table.LastId} AND time BETWEEN {begin} AND {to}");

    private static string Field(string name) => $"coalesce(json_extract_string(attributes, '$.\"{name}\"'), '')";

    private static long? Time(DuckDBDataReader r, int column) => r.IsDBNull(column) ? null : r.GetInt64(column);

    private void Run(string sql)
    {
        using DuckDBCommand command = connection!.CreateCommand();
        command.CommandText = sql;
        using CancellationTokenRegistration end = ct.Register(command.Cancel);
        ct.ThrowIfCancellationRequested();
        command.ExecuteNonQuery();
    }

    private List<T> Read<T>(string sql, Func<DuckDBDataReader, T> read)
    {
        using DuckDBCommand command = connection!.CreateCommand();
        command.CommandText = sql;
        using CancellationTokenRegistration end = ct.Register(command.Cancel);
        ct.ThrowIfCancellationRequested();
        using DuckDBDataReader reader = command.ExecuteReader();
        var all = new List<T>();
        while (reader.Read())
            all.Add(read(reader));
        return all;
    }
}
