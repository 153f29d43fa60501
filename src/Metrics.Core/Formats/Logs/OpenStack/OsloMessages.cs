using System.Text;
using Metrics.Formats.Logs.Servers;
using Metrics.Model;

namespace Metrics.Formats.Logs.OpenStack;

/// <summary>What the texts of OpenStack's services say, where that is certain; all others stay a <see cref="EventKinds.Log"/>.</summary>
internal static class OsloMessages
{
    private static readonly Phrase[] s_aboutInstances =
    [
        new("VM Started (Lifecycle Event)", "lifecycle.started"),
        new("VM Stopped (Lifecycle Event)", "lifecycle.stopped"),
        new("VM Paused (Lifecycle Event)", "lifecycle.paused"),
        new("VM Resumed (Lifecycle Event)", "lifecycle.resumed"),
        new("VM Suspended (Lifecycle Event)", "lifecycle.suspended"),
        new("Creating image", "create.image"),
        new("Deleting instance files ", "delete.files"),
        new("Instance shutdown successfully after ", "shutdown"),
        new("Instance rebooted successfully.", "reboot"),
        new("Instance soft rebooted successfully.", "reboot"),
        new("Terminating instance", "terminate"),
        new("Instance spawned successfully.", "spawn", EventKinds.ResourceCreated),
        // The domain is gone from libvirt: so it is after each stop and each hard reboot too, and nothing was deleted.
        new("Instance destroyed successfully.", "destroy.domain"),
        new("Instance failed to spawn", "spawn") { Outcome = "failure" },
        new("Failed to build and run instance", "build") { Outcome = "failure" },
    ];

    private static readonly Phrase[] s_took =
    [
        new(" seconds to spawn the instance on the hypervisor.", "spawn.took"),
        new(" seconds to build instance.", "build.took"),
        // Only who terminates an instance writes this.
        new(" seconds to destroy the instance on the hypervisor.", "delete", EventKinds.ResourceDeleted),
        new(" seconds to deallocate network for instance.", "deallocate.network"),
    ];

    private static readonly Phrase[] s_aboutServices =
    [
        new("Caught SIGTERM, exiting", "stop", EventKinds.ServiceStop) { Reason = "SIGTERM" },
        new("Caught SIGINT, exiting", "stop", EventKinds.ServiceStop) { Reason = "SIGINT" },
        new("Caught SIGTERM, stopping children", "stop", EventKinds.ServiceStop) { Reason = "SIGTERM" },
        new("Caught SIGINT, stopping children", "stop", EventKinds.ServiceStop) { Reason = "SIGINT" },
        new("Caught SIGINT signal, instantaneous exiting", "stop", EventKinds.ServiceStop) { Reason = "SIGINT" },
        new("Parent process has died unexpectedly, exiting", "crash", EventKinds.ServiceCrash),
        new("Neutron service started, listening on ", "start", EventKinds.ServiceStart),
        new("L3 agent started", "start", EventKinds.ServiceStart),
        new("DHCP agent started", "start", EventKinds.ServiceStart),
        new("Agent initialized successfully, now running", "start", EventKinds.ServiceStart),
        // A service has many children, and each of them serves: they are not the service.
        new("Started child ", "child.started"),
        new("Child caught SIGTERM, exiting", "child.stopped"),
        new("Child caught SIGTERM, handling", "child.stopped"),
        new("Agent healthcheck: found ", "agent.down"),
    ];

    /// <summary>Reads a text.</summary>
    /// <param name="logger">Who has logged it.</param>
    /// <param name="text">Without header and context.</param>
    /// <param name="record">Has what those say.</param>
    public static void Read(ReadOnlySpan<byte> logger, ReadOnlySpan<byte> text, LogRecord record)
    {
        if (text.IsEmpty)
            return;
        if (record.Has(EventFields.InstanceId))
        {
            ReadInstance(text, record);
            return;
        }
        switch (text[0])
        {
            case (byte)'{' when logger.StartsWith("oslo.messaging.notification"u8) || logger.StartsWith("oslo_messaging.notify"u8):
                Notifications.TryRead(text, record);
                return;
            case (byte)'A' or (byte)'U' when logger.StartsWith("keystone"u8) && OsloIdentity.TryReadKeystone(text, record):
            case (byte)'L' when logger.StartsWith("openstack_auth"u8) && OsloIdentity.TryReadHorizon(text, record):
                return;
            case (byte)'O' when logger.StartsWith("oslo_config"u8) || logger.StartsWith("oslo.config"u8):
                ReadOption(text, record);
                return;
            case (byte)'U' when text.StartsWith("Unhandled error"u8) && record.SeverityNumber == Severity.Critical
                && !logger.Contains((byte)'.'):
                // oslo.log writes it when the program ends by an exception that nobody has caught.
                record.Kind = EventKinds.ServiceCrash;
                record.Set(EventFields.Action, "crash");
                return;
            case (byte)'S' when text.StartsWith("Starting "u8) && text.IndexOf(" node (version "u8) > 0:
                record.SetStart();
                return;
        }
        if (OsloRequests.TryRead(text, record) || OsloRequests.TryReadBegin(logger, text, record))
            return;
        SayFirst(s_aboutServices, text, record);
    }

    private static void ReadInstance(ReadOnlySpan<byte> text, LogRecord record)
    {
        if (LogText.TryTake(ref text, "Took "u8))
        {
            ReadOnlySpan<byte> rest = text;
            ReadOnlySpan<byte> seconds = LogText.TakeWord(ref rest);
            foreach (Phrase phrase in s_took)
            {
                if (!text[seconds.Length..].SequenceEqual(phrase.Text))
                    continue;
                LogText.SetSeconds(record, seconds);
                Say(phrase, record);
                return;
            }
            return;
        }
        SayFirst(s_aboutInstances, text, record);
    }

    /// <summary><c>Option DEFAULT.debug changed from [False] to [True]</c>; oslo.config masks secrets.</summary>
    private static void ReadOption(ReadOnlySpan<byte> text, LogRecord record)
    {
        if (!LogText.TryTake(ref text, "Option "u8))
            return;
        int from = text.IndexOf(" changed from ["u8);
        if (from < 0 || text[^1] != ']')
            return;
        record.Kind = EventKinds.ConfigChanged;
        record.Set(EventFields.ConfigOption, text[..from]);
        ReadOnlySpan<byte> values = text[(from + 15)..^1];
        int to = values.IndexOf("] to ["u8);
        // A value that holds this itself cannot be told from the other.
        if (to < 0 || values[(to + 1)..].IndexOf("] to ["u8) >= 0)
            return;
        record.Set(EventFields.ConfigOld, values[..to]);
        record.Set(EventFields.ConfigNew, values[(to + 6)..]);
    }

    /// <summary>Says the phrase with which a text begins.</summary>
    private static void SayFirst(Phrase[] phrases, ReadOnlySpan<byte> text, LogRecord record)
    {
        foreach (Phrase phrase in phrases)
        {
            if (!text.StartsWith(phrase.Text))
                continue;
            Say(phrase, record);
            return;
        }
    }

    private static void Say(Phrase phrase, LogRecord record)
    {
        record.Kind = phrase.Kind;
        record.Set(EventFields.Action, phrase.Action);
        record.Set(EventFields.Outcome, phrase.Outcome);
        record.Set(EventFields.Reason, phrase.Reason);
        if (phrase.Kind is not (EventKinds.ResourceCreated or EventKinds.ResourceDeleted))
            return;
        record.Set(EventFields.ResourceType, "instance");
        record.Set(EventFields.ResourceId, record.Bytes(EventFields.InstanceId));
    }

    /// <summary>A text, or its start or end, and what it means.</summary>
    private sealed record Phrase(string Wording, string Action, string Kind = EventKinds.Log)
    {
        public byte[] Text { get; } = Encoding.UTF8.GetBytes(Wording);

        public string? Outcome { get; init; }

        public string? Reason { get; init; }
    }
}
