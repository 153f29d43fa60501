using System.Diagnostics;
using System.Globalization;

namespace Metrics.IntegrationTests;

/// <summary>A network of a test's own, in which a daemon lives; the test reaches it by a wire of its own. Needs root.</summary>
internal sealed class NetworkNamespace : IDisposable
{
    private const string Link = "wire";

    private readonly string _name;

    private NetworkNamespace(string name, string address) => (_name, Address) = (name, address);

    /// <summary>Its address, as the test sees it.</summary>
    public string Address { get; }

    /// <summary>Its address, as the other one sees it.</summary>
    public required string LinkAddress { get; init; }

    /// <summary>What a shell runs a program by in it.</summary>
    public string Enter => $"ip netns exec {_name} ";

    /// <summary>Makes two with a link between them, or skips the calling test where that cannot be.</summary>
    public static (NetworkNamespace First, NetworkNamespace Second) CreatePair()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess && TryRun("netns", "list"), "network namespaces need root, and ip (iproute2)");
        int net = 64 + (Environment.ProcessId % 64);
        NetworkNamespace first = Create('a', 0), second = Create('b', 1);
        Run("link", "add", "name", Link, "netns", first._name, "type", "veth", "peer", "name", Link, "netns", second._name);
        foreach (NetworkNamespace one in (NetworkNamespace[])[first, second])
        {
            Run("-n", one._name, "address", "add", $"{one.LinkAddress}/30", "dev", Link);
            one.SetLink(up: true);
        }
        return (first, second);

        NetworkNamespace Create(char letter, int number)
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"mdtest{Environment.ProcessId}{letter}");
            Run("netns", "add", name);
            var one = new NetworkNamespace(name, $"100.{net}.{number}.2") { LinkAddress = $"100.{net}.2.{number + 1}" };
            Run("link", "add", "name", $"md{Environment.ProcessId}{letter}", "type", "veth", "peer", "name", "test", "netns", name);
            Run("address", "add", $"100.{net}.{number}.1/30", "dev", $"md{Environment.ProcessId}{letter}");
            Run("link", "set", $"md{Environment.ProcessId}{letter}", "up");
            Run("-n", name, "address", "add", $"{one.Address}/30", "dev", "test");
            Run("-n", name, "link", "set", "test", "up");
            Run("-n", name, "link", "set", "lo", "up");
            return one;
        }
    }

    /// <summary>Joins the link between the two, or cuts it.</summary>
    public void SetLink(bool up) => Run("-n", _name, "link", "set", Link, up ? "up" : "down");

    /// <summary>Its wires go with it.</summary>
    public void Dispose() => TryRun("netns", "delete", _name);

    private static void Run(params string[] arguments)
    {
        if (!TryRun(arguments))
            throw new InvalidOperationException($"ip {string.Join(' ', arguments)} fails");
    }

    private static bool TryRun(params string[] arguments)
    {
        try
        {
            using Process ip = Process.Start(new ProcessStartInfo("ip", arguments) { RedirectStandardOutput = true })!;
            ip.WaitForExit();
            return ip.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
