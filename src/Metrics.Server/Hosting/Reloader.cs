using System.Runtime.InteropServices;
using Metrics.Configuration;
using Metrics.Inputs;
using Metrics.Model;
using Metrics.Pollers;
using Metrics.Rules;
using Metrics.Storage.State;

namespace Metrics.Hosting;

/// <summary>
/// Puts a changed configuration in force, on <c>POST /-/reload</c> and SIGHUP, and knows what follows from it in each room. A wrong one
/// changes nothing: the last good one stays.
/// </summary>
internal sealed partial class Reloader(
    ConfigurationSource source, MetricsOptions atStart, ReloadedOptions reloaded, PollScheduler polls, InputRunner inputs, RuleEngine rules,
    ReloadOutcome outcome, StateStore state, ReloadMetrics metrics, TimeProvider time, ILogger<Reloader> log) : IHostedService, IDisposable
{
    private readonly Lock _lock = new();
    private PosixSignalRegistration? _signal;

    /// <summary>What is in force of what a reload can change; the rest is as it was at start.</summary>
    public IEnumerable<SectionId> Sections => (reloaded.InForce with { AtStart = atStart.AtStart }).Sections;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        outcome.Succeed();
        metrics.Success.Set(1);
        metrics.SuccessTime.Set(outcome.At / 1000);
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
                LoadedRules loadedRules = RuleSet.Load(loaded.Rules);
                Apply(loaded, loadedRules);
                outcome.Succeed();
                metrics.Success.Set(1);
                metrics.SuccessTime.Set(outcome.At / 1000);
                Note(by, "reloaded", $"{loadedRules.Groups.Sum(g => g.Rules.Count)} rules");
                LogReloaded();
                return null;
            }
            catch (ConfigurationException e)
            {
                return Refuse(by, e.Message);
            }
            catch (Exception e)
            {
                metrics.Faults.Note("reload", e, time);
                return Refuse(by, $"a fault of metricsd: {e.Message}");
            }
        }
    }

    private string Refuse(string by, string why)
    {
        outcome.Fail();
        metrics.Success.Set(0);
        Note(by, "refused", why);
        LogRefused(why);
        return why;
    }

    private void Apply(MetricsOptions loaded, LoadedRules loadedRules)
    {
        string[] later = [.. loaded.AtStart.Except(atStart.AtStart).Select(s => s.Name)];
        if (later.Length > 0)
            LogNeedsRestart(string.Join(", ", later));
        reloaded.Swap(loaded);
        polls.Wake();
        inputs.Wake();
        rules.Replace(loadedRules);
    }

    /// <summary>It is written in its turn: a state that cannot be written now holds up no reload.</summary>
    private void Note(string by, string what, string text) =>
        _ = state.WriteInTurnAsync(writer => writer.AddAudit(Timestamp.Of(time.GetUtcNow()), by, what, $"configuration: {text}"));

    [LoggerMessage(Level = LogLevel.Information, Message = "The configuration is reloaded")]
    private partial void LogReloaded();

    [LoggerMessage(Level = LogLevel.Error, Message = "The configuration is not reloaded, the one in force stays:\n{Problems}")]
    private partial void LogRefused(string problems);

    [LoggerMessage(Level = LogLevel.Warning, Message = "What changed in {Sections} takes effect at the next start")]
    private partial void LogNeedsRestart(string sections);
}
