using Metrics.Configuration;
using Metrics.Hosting;
using Metrics.Model;
using Metrics.Routing;

namespace Metrics.Cli;

/// <summary><c>metricsd routes test LABEL=VALUE…</c>: who would be told of an alert with these labels, in which group.</summary>
internal static class RouteTestCommand
{
    /// <returns>0, or 2 for wrong use.</returns>
    public static int Run(MetricsOptions options, IEnumerable<string> words)
    {
        var labels = new List<Label>();
        foreach (string word in words)
        {
            int sign = word.IndexOf('=', StringComparison.Ordinal);
            if (sign <= 0)
            {
                Console.Error.WriteLine($"metricsd: '{word}' is no label; write NAME=VALUE");
                return 2;
            }
            labels.Add(new Label(word[..sign], word[(sign + 1)..].Trim('"')));
        }
        if (!Labels.TryCreate([.. labels], out Labels? alert, out string? repeated))
        {
            Console.Error.WriteLine($"metricsd: the label '{repeated}' is given twice");
            return 2;
        }
        foreach (Route route in options.Notifications.Routing.Root.Match(alert!))
            Console.WriteLine($"{route.Receiver}  group {route.GroupOf(alert!)}  by route {route.Id}");
        return 0;
    }
}
