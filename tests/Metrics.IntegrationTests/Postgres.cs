namespace Metrics.IntegrationTests;

/// <summary>A real PostgreSQL server in a folder of its own.</summary>
internal sealed class Postgres : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("postgres").FullName;
    private readonly int _port = Daemon.FreePort();

    /// <summary>Debian keeps the server's programs beside the path.</summary>
    private static readonly string? s_programs = Directory.Exists("/usr/lib/postgresql")
        ? Directory.GetDirectories("/usr/lib/postgresql").Select(d => Path.Combine(d, "bin")).Order()
        .LastOrDefault(d => File.Exists(Path.Combine(d, "initdb")))
        : null;

    /// <summary>Skips the calling test where the server is missing.</summary>
    public static void Need() => Assert.SkipWhen(s_programs is null, "postgresql is not installed");

    /// <summary>The section <c>storage</c> of a daemon that keeps its state here.</summary>
    public string Configuration => $"storage: {{ state: {{ postgresql: '{Connection}', password: unused }} }}";

    /// <summary>How to reach it with Npgsql.</summary>
    public string Connection => $"Host=127.0.0.1;Port={_port};Database=metrics;Username=postgres";

    public static async Task<Postgres> StartAsync()
    {
        Need();
        var server = new Postgres();
        await RunAsync("chown", "postgres", server._folder);
        await server.ServerAsync("initdb", "-D", $"{server._folder}/data", "-A", "trust", "-E", "UTF8", "--locale=C", "-N");
        await server.StartAgainAsync();
        await server.SqlAsync("CREATE DATABASE metrics", "postgres");
        return server;
    }

    public Task StartAgainAsync() =>
        ServerAsync("pg_ctl", "-D", $"{_folder}/data", "-l", $"{_folder}/log", "-o",
            $"-p {_port} -k {_folder} -c listen_addresses=127.0.0.1 -c fsync=off", "-w", "start");

    /// <summary>Ends it as a crash does.</summary>
    public Task StopAsync() => ServerAsync("pg_ctl", "-D", $"{_folder}/data", "-m", "immediate", "-w", "stop");

    /// <summary>What a statement gives, a row each line.</summary>
    public async Task<string> SqlAsync(string statement, string database = "metrics") =>
        await RunAsync($"{s_programs}/psql", "-h", "127.0.0.1", "-p", $"{_port}", "-U", "postgres", "-d", database, "-At", "-c", statement);

    public async ValueTask DisposeAsync()
    {
        if (File.Exists($"{_folder}/data/postmaster.pid"))
            await StopAsync();
        await Task.Run(() => Directory.Delete(_folder, true));
    }

    /// <summary>It will not run as root.</summary>
    private Task<string> ServerAsync(string program, params string[] arguments) =>
        Environment.IsPrivilegedProcess
            ? RunAsync("setpriv", ["--reuid=postgres", "--regid=postgres", "--clear-groups", "--", $"{s_programs}/{program}", .. arguments])
            : RunAsync($"{s_programs}/{program}", arguments);

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        // pg_ctl leaves the server behind with our pipes: what it says goes to a file.
        string output = Path.GetTempFileName();
        (int code, _) = await Component.RunAsync("sh", "", ["-c", $"exec \"$0\" \"$@\" >{output} 2>&1", program, .. arguments]);
        string said = await File.ReadAllTextAsync(output);
        File.Delete(output);
        code.Should().Be(0, $"{program} {string.Join(' ', arguments)}: {said}");
        return said.Trim();
    }
}
