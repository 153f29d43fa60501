using System.Collections.Immutable;
using System.Globalization;
using Metrics.Routing;
using Metrics.Storage.State;
using Microsoft.EntityFrameworkCore;

namespace Metrics.Alerting;

/// <summary>Somebody is at an alert.</summary>
/// <param name="FiredAt">When the alert fired, milliseconds since 1970 UTC; an acknowledgement holds for one time that it fires.</param>
/// <param name="By">Who.</param>
/// <param name="At">Since when, milliseconds since 1970 UTC.</param>
/// <param name="Comment">What they said.</param>
internal sealed record Acknowledgement(long FiredAt, string By, long At, string Comment);

/// <summary>Who is at which alert: in the state database, and in memory for whoever asks. Safe for use by several threads.</summary>
internal sealed class Acknowledgements(StateStore state, TimeProvider time)
{
    private ImmutableDictionary<UInt128, Acknowledgement> _all = ImmutableDictionary<UInt128, Acknowledgement>.Empty;

    /// <summary>Told of every change, so that what waits can be looked at again.</summary>
    public event Action? Changed;

    /// <summary>Reads them from the state database.</summary>
    public void Load()
    {
        _all = state.Read(db => db.Acknowledgements.AsNoTracking().ToList()).ToImmutableDictionary(a => ReadId(a.Alert), a => new Acknowledgement(a.FiredAt, a.By, a.At, a.Comment));
    }

    /// <summary>The acknowledgement of an alert as it fires now, or null.</summary>
    public Acknowledgement? Find(RoutedAlert alert) => Volatile.Read(ref _all).TryGetValue(alert.Id, out Acknowledgement? found) && (found.FiredAt == alert.FiredAt || alert.IsFlapping) ? found : null;

    /// <summary>Says that somebody is at some alerts.</summary>
    public void Acknowledge(IReadOnlyCollection<RoutedAlert> alerts, string by, string comment)
    {
        long now = time.GetUtcNow().ToUnixTimeMilliseconds();
        state.Write(writer =>
        {
            foreach (RoutedAlert alert in alerts)
            {
                string id = WriteId(alert.Id);
                writer.SaveAcknowledgement(id, alert.FiredAt, by, now, comment);
                writer.AddAudit(now, by, "acknowledged", $"{alert.Alert.Labels}{(comment.Length > 0 ? ": " + comment : "")}");
                writer.AddTrail(new TrailRow { At = now, Subject = id, What = "acknowledged", Text = comment.Length > 0 ? $"by {by}: {comment}" : $"by {by}" });
            }
        });
        ImmutableInterlocked.Update(ref _all, all => all.SetItems(alerts.Select(a => KeyValuePair.Create(a.Id, new Acknowledgement(a.FiredAt, by, now, comment)))));
        Changed?.Invoke();
    }

    /// <summary>Forgets acknowledgements of alerts that are over, within the caller's unit of work.</summary>
    public void Forget(StateWriter to, IReadOnlyCollection<UInt128> over)
    {
        if (_all.IsEmpty || over.Count == 0)
            return;
        foreach (UInt128 id in over.Where(_all.ContainsKey))
            to.DeleteAcknowledgement(WriteId(id));
        ImmutableInterlocked.Update(ref _all, all => all.RemoveRange(over));
    }

    public static string WriteId(UInt128 id) => id.ToString("x32", CultureInfo.InvariantCulture);

    public static UInt128 ReadId(string id) => UInt128.Parse(id, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
