using Metrics.Model;
using Metrics.Text;

namespace Metrics.Storage.Events;

/// <summary>Whether an event says what of it was never seen before: section <c>events.first_seen</c>.</summary>
/// <param name="IsEnabled">Whether it does. Default true.</param>
/// <param name="Learn">How long a machine (of origins: everything) is listened to before anything of it can be new. Default 7 d.</param>
/// <param name="Forget">What was not seen for so long is new when it comes again. Default 90 d.</param>
internal sealed record FirstSeenOptions(bool IsEnabled, TimeSpan Learn, TimeSpan Forget)
{
    /// <summary>The defaults.</summary>
    public static FirstSeenOptions Default { get; } = new(true, TimeSpan.FromDays(7), TimeSpan.FromDays(90));

    public static FirstSeenOptions Read(YamlSection section)
    {
        var options = new FirstSeenOptions(
            section.Flag("enabled", Default.IsEnabled),
            section.Duration("learn", Default.Learn, min: TimeSpan.Zero),
            section.Duration("forget", Default.Forget, min: TimeSpan.FromDays(1)));
        if (options.Forget <= options.Learn)
        {
            string learn = Duration.Format(options.Learn);
            section.Report("forget", $"is {Duration.Format(options.Forget)}; it must be longer than learn, {learn}");
        }
        section.Finish();
        return options;
    }
}
