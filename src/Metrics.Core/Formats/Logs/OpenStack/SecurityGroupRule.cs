using System.Buffers.Text;
using Metrics.Model;
using Metrics.Text;

namespace Metrics.Formats.Logs.OpenStack;

/// <summary>What a rule of a security group lets through, as Neutron's notification of its making says.</summary>
/// <remarks>
/// <code>
/// {"security_group_rule": {"direction": "ingress", "protocol": "tcp", "port_range_min": 22, "port_range_max": 22, "remote_ip_prefix": …
/// {"security_group_rules": [{…}, {…}]}         of several that were made at once
/// </code>
/// https://docs.openstack.org/api-ref/network/v2/#create-security-group-rule
/// </remarks>
internal static class SecurityGroupRule
{
    /// <summary>Of more ports or protocols than that the rest is not said.</summary>
    private const int MaxWords = 256;

    /// <summary>A prefix up to this long is the world or a share of it, which others may make whole.</summary>
    private const int LongestOfWorld = 7;

    /// <summary>
    /// Sets what it lets through: of several those that let in from most, with their ports and protocols one behind the other. All that let
    /// in from a share of the world count alike; the types of ICMP are no ports where others are.
    /// </summary>
    /// <param name="payload">The notification's payload.</param>
    /// <param name="fields">Gets the fields.</param>
    /// <returns>The rule that it is about, an object; empty where there is none.</returns>
    public static ReadOnlySpan<byte> Read(ReadOnlySpan<byte> payload, JsonValues fields)
    {
        var ports = new Words(stackalloc byte[MaxWords]);
        var protocols = new Words(stackalloc byte[MaxWords]);
        if (JsonMembers.TryFind(payload, "security_group_rule"u8, out ReadOnlySpan<byte> widest))
        {
            Add(Parse(widest), ref ports, ref protocols, hasPorts: true);
        }
        else if (JsonMembers.TryFind(payload, "security_group_rules"u8, out ReadOnlySpan<byte> all))
        {
            widest = WidestOf(all, out int bound, out bool onlyIcmp);
            var rules = new JsonItems(all);
            while (rules.MoveNext())
            {
                Rule rule = Parse(rules.Value);
                if (NarrownessOf(rule) <= bound)
                    Add(rule, ref ports, ref protocols, onlyIcmp || !IsIcmp(rule));
            }
        }
        if (!widest.IsEmpty)
            Set(Parse(widest), ports.Text, protocols.Text, fields);
        return widest;
    }

    /// <summary>The rule that lets in from most.</summary>
    /// <param name="all">Rules.</param>
    /// <param name="bound">How narrow those may be that count like it.</param>
    /// <param name="onlyIcmp">Whether all of those are about ICMP.</param>
    private static ReadOnlySpan<byte> WidestOf(ReadOnlySpan<byte> all, out int bound, out bool onlyIcmp)
    {
        int least = int.MaxValue;
        ReadOnlySpan<byte> widest = default;
        var rules = new JsonItems(all);
        while (rules.MoveNext())
        {
            int narrow = NarrownessOf(Parse(rules.Value));
            if (narrow >= least)
                continue;
            least = narrow;
            widest = rules.Value;
        }
        bound = Math.Max(least, LongestOfWorld);
        onlyIcmp = true;
        rules = new JsonItems(all);
        while (rules.MoveNext())
        {
            Rule rule = Parse(rules.Value);
            onlyIcmp &= NarrownessOf(rule) > bound || IsIcmp(rule);
        }
        return widest;
    }

    private static void Add(Rule rule, ref Words ports, ref Words protocols, bool hasPorts)
    {
        Span<byte> text = stackalloc byte[16];
        if (hasPorts)
            ports.Add(PortsOf(rule, text));
        protocols.Add(IsNull(rule.Protocol) ? "any"u8 : JsonMembers.TextOf(rule.Protocol, default));
    }

    private static void Set(Rule rule, ReadOnlySpan<byte> ports, ReadOnlySpan<byte> protocols, JsonValues fields)
    {
        fields.Set(EventFields.SecurityGroupId, rule.Group);
        fields.Set(EventFields.NetworkDirection, rule.Direction);
        fields.Set(EventFields.Transport, protocols);
        fields.Set(EventFields.DestinationPort, ports);
        // Of what goes out the prefix is where to.
        if (JsonMembers.Is(rule.Direction, "ingress"u8))
            fields.Set(EventFields.SourceNetwork, PrefixOf(rule));
    }

    /// <summary><c>22</c>, <c>8000-8999</c>, <c>any</c>.</summary>
    private static ReadOnlySpan<byte> PortsOf(Rule rule, Span<byte> text)
    {
        if (IsNull(rule.MinPort))
            return "any"u8;
        if (!IsNumber(rule.MinPort))
            return default;
        if (!IsNumber(rule.MaxPort) || rule.MinPort.SequenceEqual(rule.MaxPort))
            return rule.MinPort;
        rule.MinPort.CopyTo(text);
        text[rule.MinPort.Length] = (byte)'-';
        rule.MaxPort.CopyTo(text[(rule.MinPort.Length + 1)..]);
        return text[..(rule.MinPort.Length + 1 + rule.MaxPort.Length)];
    }

    /// <summary>From where it lets in; empty where that is a group.</summary>
    private static ReadOnlySpan<byte> PrefixOf(Rule rule)
    {
        if (!IsNull(rule.Prefix))
            return rule.Prefix;
        if (!IsNull(rule.RemoteGroup) || !IsNull(rule.AddressGroup))
            return default;
        return JsonMembers.Is(rule.EtherType, "IPv6"u8) ? "::/0"u8 : "0.0.0.0/0"u8;
    }

    /// <summary>The length of the prefix from which it lets in; more than any where it lets nobody in by address.</summary>
    private static int NarrownessOf(Rule rule)
    {
        const int None = 1000;
        ReadOnlySpan<byte> prefix = JsonMembers.Is(rule.Direction, "ingress"u8) ? JsonMembers.TextOf(PrefixOf(rule), default) : default;
        int slash = prefix.LastIndexOf((byte)'/');
        return slash >= 0 && Utf8Parser.TryParse(prefix[(slash + 1)..], out int length, out _) ? length : None;
    }

    private static bool IsIcmp(Rule rule)
    {
        ReadOnlySpan<byte> protocol = JsonMembers.TextOf(rule.Protocol, default);
        return protocol.SequenceEqual("icmp"u8) || protocol.SequenceEqual("icmpv6"u8) || protocol.SequenceEqual("ipv6-icmp"u8)
            || protocol.SequenceEqual("1"u8) || protocol.SequenceEqual("58"u8);
    }

    private static bool IsNumber(ReadOnlySpan<byte> value) =>
        value.Length is > 0 and < 6 && !value.ContainsAnyExceptInRange((byte)'0', (byte)'9');

    private static bool IsNull(ReadOnlySpan<byte> value) => value.IsEmpty || value.SequenceEqual("null"u8);

    private static Rule Parse(ReadOnlySpan<byte> json)
    {
        Rule rule = default;
        ReadOnlySpan<byte> asked = default;
        var members = new JsonMembers(json);
        while (members.MoveNext())
        {
            ReadOnlySpan<byte> name = members.Name, value = members.Value;
            if (name.SequenceEqual("security_group_id"u8))
                rule.Group = value;
            else if (name.SequenceEqual("direction"u8))
                rule.Direction = value;
            else if (name.SequenceEqual("protocol"u8))
                rule.Protocol = value;
            else if (name.SequenceEqual("ethertype"u8))
                rule.EtherType = value;
            else if (name.SequenceEqual("port_range_min"u8))
                rule.MinPort = value;
            else if (name.SequenceEqual("port_range_max"u8))
                rule.MaxPort = value;
            else if (name.SequenceEqual("normalized_cidr"u8))
                rule.Prefix = value;
            else if (name.SequenceEqual("remote_ip_prefix"u8))
                asked = value;
            else if (name.SequenceEqual("remote_group_id"u8))
                rule.RemoteGroup = value;
            else if (name.SequenceEqual("remote_address_group_id"u8))
                rule.AddressGroup = value;
        }
        // Releases before Yoga write what was asked for alone.
        if (IsNull(rule.Prefix))
            rule.Prefix = asked;
        return rule;
    }

    /// <summary>The members that are of use, as they are written.</summary>
    private ref struct Rule
    {
        public ReadOnlySpan<byte> AddressGroup, Direction, EtherType, Group, MaxPort, MinPort, Prefix, Protocol, RemoteGroup;
    }

    /// <summary>Words with commas between, each once.</summary>
    private ref struct Words(Span<byte> room)
    {
        private readonly Span<byte> _room = room;
        private int _length;

        public readonly ReadOnlySpan<byte> Text => _room[.._length];

        public void Add(scoped ReadOnlySpan<byte> word)
        {
            bool fits = !word.IsEmpty && _length + 1 + word.Length <= _room.Length;
            if (!fits || Has(word))
                return;
            if (_length > 0)
                _room[_length++] = (byte)',';
            word.CopyTo(_room[_length..]);
            _length += word.Length;
        }

        private readonly bool Has(scoped ReadOnlySpan<byte> word)
        {
            foreach (Range one in Text.Split((byte)','))
            {
                if (Text[one].SequenceEqual(word))
                    return true;
            }
            return false;
        }
    }
}
