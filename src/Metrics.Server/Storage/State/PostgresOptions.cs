using Metrics.Configuration;
using Metrics.Text;
using Npgsql;

namespace Metrics.Storage.State;

/// <summary>A PostgreSQL database: the section <c>storage.state</c>.</summary>
/// <param name="Connection">Npgsql's connection string: https://www.npgsql.org/doc/connection-string-parameters.html.</param>
/// <param name="Password">When it is not in the connection string.</param>
internal sealed record PostgresOptions(string Connection, Secret? Password)
{
    public override string ToString() => "<PostgreSQL>";

    public static PostgresOptions Read(YamlSection section)
    {
        string connection = section.RequiredText("postgresql");
        try
        {
            var parsed = new NpgsqlConnectionStringBuilder(connection);
            if (connection.Length > 0 && (string.IsNullOrEmpty(parsed.Host) || string.IsNullOrEmpty(parsed.Database)))
                section.Report("postgresql", "must name at least Host and Database: Host=db.example;Database=metricsd;Username=metricsd");
        }
        catch (Exception e) when (e is ArgumentException or FormatException or InvalidOperationException)
        {
            // The reason may hold the value, and that a password.
            const string Example = "Host=db.example;Database=metricsd;Username=metricsd;SSL Mode=VerifyFull";
            section.Report("postgresql", $"is not a connection string such as {Example}");
        }
        var options = new PostgresOptions(connection, Secret.Read(section, "password"));
        section.Finish();
        return options;
    }
}
