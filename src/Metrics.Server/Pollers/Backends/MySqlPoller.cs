using System.Globalization;
using Metrics.Configuration;
using Metrics.Model;
using MySqlConnector;

namespace Metrics.Pollers.Backends;

/// <summary>
/// MySQL or MariaDB, Galera too: every number of <c>SHOW GLOBAL STATUS</c> and <c>SHOW GLOBAL VARIABLES</c>, under mysqld_exporter's names.
/// Texts that mean yes or no, and Galera's <c>Primary</c>, are 1 or 0.
/// </summary>
/// <remarks>
/// https://github.com/prometheus/mysqld_exporter ; https://galeracluster.com/library/documentation/galera-status-variables.html
/// </remarks>
internal sealed class MySqlPoller(MySqlTarget target) : IPoller
{
    private const string CommandPrefix = "com_";

    private static readonly Metric s_commands = Metric.Counter("mysql_global_status_commands_total", "Statements by kind.", "command");

    private readonly Dictionary<string, Metric> _metrics = [];

    public async ValueTask PollAsync(SampleSink sink, CancellationToken ct)
    {
        await using var connection = new MySqlConnection(target.ToConnectionString());
        await connection.OpenAsync(ct);
        foreach ((string name, double value) in await ReadAsync(connection, "SHOW GLOBAL STATUS", ct))
        {
            if (name.StartsWith(CommandPrefix, StringComparison.Ordinal))
                sink.Add(s_commands, value, name[CommandPrefix.Length..]);
            else
                sink.Add(MetricOf($"mysql_global_status_{name}"), value);
        }
        foreach ((string name, double value) in await ReadAsync(connection, "SHOW GLOBAL VARIABLES", ct))
            sink.Add(MetricOf($"mysql_global_variables_{name}"), value);
    }

    public override string ToString() => target.ToString();

    /// <summary>A value as a number; null when it is none.</summary>
    internal static double? Number(string text) => text switch
    {
        "ON" or "on" or "Yes" or "YES" or "yes" or "Primary" or "primary" => 1,
        "OFF" or "off" or "No" or "NO" or "no" or "non-Primary" or "Disconnected" or "DISABLED" => 0,
        _ => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number)
            ? number
            : null,
    };

    private static async Task<List<(string Name, double Value)>> ReadAsync(MySqlConnection connection, string query, CancellationToken ct)
    {
        await using MySqlCommand command = connection.CreateCommand();
        command.CommandText = query;
        await using MySqlDataReader reader = await command.ExecuteReaderAsync(ct);
        var rows = new List<(string, double)>();
        while (await reader.ReadAsync(ct))
        {
            if (Number(reader.GetString(1)) is { } value)
                rows.Add((reader.GetString(0).ToLowerInvariant().Replace('.', '_').Replace('-', '_'), value));
        }
        return rows;
    }

    private Metric MetricOf(string name) =>
        _metrics.TryGetValue(name, out Metric? known) ? known : _metrics[name] = Metric.Untyped(name, "");
}

/// <summary>Where a database is and who asks it.</summary>
internal sealed record MySqlTarget(string Host, int Port, string? Socket, string User, Secret? Password, bool Tls)
{
    public string ToConnectionString() => new MySqlConnectionStringBuilder
    {
        Server = Socket ?? Host, Port = (uint)Port,
            ConnectionProtocol = Socket is null ? MySqlConnectionProtocol.Tcp : MySqlConnectionProtocol.UnixSocket, UserID = User,
            Password = Password?.Reveal() ?? "",
        SslMode = Tls ? MySqlSslMode.VerifyFull : MySqlSslMode.Preferred, ApplicationName = "metricsd", MaximumPoolSize = 1,
            AllowUserVariables = false,
    }.ConnectionString;

    public override string ToString() => Socket ?? string.Create(CultureInfo.InvariantCulture, $"{Host}:{Port}");
}
