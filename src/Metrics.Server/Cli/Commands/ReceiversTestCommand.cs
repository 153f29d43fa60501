using System.CommandLine;
using Metrics.Alerting;
using Metrics.Model;
using Metrics.Notifiers;
using Metrics.Text;

namespace Metrics.Cli.Commands;

/// <summary>
/// <c>metricsd receivers test NAME</c>: sends a message by each way of a receiver, once, as the daemon would. It needs no daemon, so that a
/// receiver can be tried before one runs.
/// </summary>
internal sealed class ReceiversTestCommand : CliCommand
{
    private readonly Argument<string> _name = new("NAME") { Description = "The receiver, as the configuration names it." };

    private readonly Argument<string[]> _labels = new("LABEL=VALUE")
    {
        Description = "Labels of the alert that the message is about, for templates; alertname, severity and instance it has by itself.",
        Arity = ArgumentArity.ZeroOrMore,
        DefaultValueFactory = _ => [],
    };

    private readonly Option<bool> _resolved = new("--resolved")
    {
        Description = "Say that the alert of an earlier test is over; closes the incident that it opened.",
    };

    public ReceiversTestCommand(CommonOptions common)
        : base(common, "test", "Send a test message by each way of a receiver, by the configuration alone; exit with 1 where one does not take it.")
    {
        Add(_name);
        Add(_labels);
        Add(_resolved);
        Add(common.Config);
        Add(common.Output);
        Example("metricsd receivers test ops", "Mail, webhook and whatever else it has: taken, or why not.");
        Example("sudo -u metricsd metricsd receivers test ops team=db --config /etc/metricsd/metrics.yaml",
            "As the daemon's user, whose files of secrets it must read.");
    }

    /// <summary>What became of a message.</summary>
    private sealed record Outcome(IntegrationId Integration, string Result, string? Reason);

    protected override async Task<int> RunAsync(Invocation call, CancellationToken cancel)
    {
        string name = call.Value(_name);
        Labels labels = LabelWords.Read(call.Value(_labels));
        NotificationOptions options = call.Source.Load().Notifications;
        ReceiverOptions receiver = options.Receivers.FirstOrDefault(r => r.Name == name) ?? throw Unknown(name, options);
        if (receiver.Notifiers.Count == 0)
            throw new CommandException(ExitCode.No, $"the receiver '{name}' has nothing to send by: it notifies nobody");
        TimeProvider time = TimeProvider.System;
        var message = TestMessage.Of(name, labels, call.Value(_resolved), options.ExternalUrl, time.GetUtcNow());
        using var http = new HttpSender(time);
        var tools = new NotifierTools(http, new NoPictures(), time);
        var outcomes = new List<Outcome>();
        foreach (NamedNotifier notifier in receiver.Notifiers)
        {
            Outcome outcome = await SendAsync(notifier, message, tools, cancel);
            outcomes.Add(outcome);
            if (!call.WantsJson)
                call.Output.WriteLine(Line(outcome));
        }
        if (call.WantsJson)
            JsonOutput.Write(call.Output, outcomes);
        return outcomes.All(o => o.Reason is null) ? ExitCode.Ok : ExitCode.No;
    }

    private static async Task<Outcome> SendAsync(
        NamedNotifier named, AlertMessage message, NotifierTools tools, CancellationToken cancel)
    {
        if (message.Status == "resolved" && !named.Notifier.SendResolved)
            return new Outcome(named.Id, "skipped", null);
        string stored = named.Kind.IsBare ? message.ToWebhookJson() : message.ToJson();
        Delivery delivery;
        try
        {
            delivery = await named.Notifier.SendStoredAsync(stored, Guid.NewGuid().ToString("N"), tools, cancel);
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            // The daemon would try again, too: a file that cannot be read now may be there later.
            delivery = Delivery.Retry(e.Message);
        }
        return new Outcome(
            named.Id, delivery.Status switch { DeliveryStatus.Sent => "taken", DeliveryStatus.Retry => "failed", _ => "refused" },
            delivery.Status == DeliveryStatus.Sent ? null : delivery.Reason ?? "no reason is given");
    }

    private static string Line(Outcome outcome) => PlainText.Line(outcome.Result switch
    {
        "taken" => $"{outcome.Integration}: taken",
        "skipped" => $"{outcome.Integration}: not sent, since send_resolved is false",
        "failed" => $"{outcome.Integration}: failed, the daemon would try again: {outcome.Reason}",
        _ => $"{outcome.Integration}: refused for good: {outcome.Reason}",
    });

    private static CommandException Unknown(string name, NotificationOptions options)
    {
        string[] known = [.. options.Receivers.Select(r => r.Name)];
        string all = known.Length > 0 ? $"it has {string.Join(", ", known)}" : "it has none";
        string near = Spelling.Nearest(name, known) is { } meant ? $"; did you mean '{meant}'?" : "";
        return new CommandException(ExitCode.Misuse, $"the configuration has no receiver '{name}'; {all}{near}");
    }

    /// <summary>A test is about no series.</summary>
    private sealed class NoPictures : IAlertPictures
    {
        public Task<byte[]?> DrawAsync(AlertSource alert, long until, CancellationToken ct) => Task.FromResult<byte[]?>(null);
    }
}
