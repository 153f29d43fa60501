using System.Runtime.InteropServices;
using Metrics.Alerting;
using Metrics.Configuration;
using Metrics.Rules;
using Metrics.Storage.State;
using Metrics.Telemetry;

namespace Metrics.Api;

/// <summary>Puts a changed configuration in force, on <c>POST /-/reload</c> and SIGHUP. A wrong one changes nothing: the last good one stays.</summary>
internal sealed partial class Reloader(
    ConfigurationSource source, CurrentOptions options, RuleEngine rules, StateStore state, SelfMetrics metrics, TimeProvider time, ILogger<Reloader> log) : IHostedService, IDisposable
{
    private readonly Lock _lock = new();
    private PosixSignalRegistration? _signal;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        metrics.ReloadSuccess.Set(1);
        metrics.ReloadTime.Set(time.GetUtcNow().ToUnixTimeSeconds());
        metrics.StartTime.Set(time.GetUtcNow().ToUnixTimeSeconds());
        _signal = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
        {
            context.Cancel = true;
            TryReload("SIGHUP");
        });
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _signal?.Dispose();

    /// <summary>Reads configuration and rules again.</summary>
    /// <param name="by">Who asked for it, for the audit.</param>
    /// <returns>Null, or what is wrong with them.</returns>
    public string? TryReload(string by)
    {
        lock (_lock)
        {
            try
            {
                MetricsOptions loaded = source.Load();
                IReadOnlyList<RuleGroup> groups = RuleSet.Load(loaded.Rules);
                if (loaded.Listen != options.Value.Listen || !loaded.Storage.Equals(options.Value.Storage with { Influx = loaded.Storage.Influx }) || loaded.Head != options.Value.Head)
                    LogNeedsRestart();
                options.Value = loaded;
                rules.Replace(groups);
                metrics.ReloadSuccess.Set(1);
                metrics.ReloadTime.Set(time.GetUtcNow().ToUnixTimeSeconds());
                Note(by, "reloaded", $"{groups.Sum(g => g.Rules.Count)} rules");
                LogReloaded();
                return null;
            }
            catch (ConfigurationException e)
            {
                metrics.ReloadSuccess.Set(0);
                Note(by, "refused", e.Message);
                LogRefused(e.Message);
                return e.Message;
            }
        }
    }

    private void Note(string by, string what, string text) => state.Write(writer => writer.AddAudit(time.GetUtcNow().ToUnixTimeMilliseconds(), by, what, $"configuration: {text}"));

    [LoggerMessage(Level = LogLevel.Information, Message = "The configuration is reloaded")]
    private partial void LogReloaded();

    [LoggerMessage(Level = LogLevel.Error, Message = "The configuration is not reloaded, the one in force stays:\n{Problems}")]
    private partial void LogRefused(string problems);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Changes of listen, storage and head take effect at the next start")]
    private partial void LogNeedsRestart();
}
