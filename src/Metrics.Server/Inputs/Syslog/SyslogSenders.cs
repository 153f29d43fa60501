using System.Net;
using Metrics.Text;

namespace Metrics.Inputs.Syslog;

/// <summary>Who datagrams come from: addresses as text, and whether they may send. Bounded; one thread at a time.</summary>
/// <param name="allow">Who may.</param>
internal sealed class SyslogSenders(AllowList allow)
{
    private const int MaxKnown = 4096;

    private readonly Dictionary<IPAddress, string?> _known = [];
    private readonly IPEndPoint _form = new(IPAddress.IPv6Any, 0);
    private readonly IPEndPoint _form4 = new(IPAddress.Any, 0);
    private SocketAddress? _last;
    private string? _lastSender;

    /// <summary>The sender's address; null when it may not send.</summary>
    public string? Find(SocketAddress from)
    {
        if (_last is not null && _last.Equals(from))
            return _lastSender;
        IPEndPoint form = from.Family == System.Net.Sockets.AddressFamily.InterNetwork ? _form4 : _form;
        IPAddress address = NetworkList.Plain(((IPEndPoint)form.Create(from)).Address);
        if (!_known.TryGetValue(address, out string? sender))
        {
            sender = allow.Allows(address) ? address.ToString() : null;
            // Forged addresses shall not fill the memory: forgotten are all, and asked again.
            if (_known.Count == MaxKnown)
                _known.Clear();
            _known[address] = sender;
        }
        _last = new SocketAddress(from.Family, from.Size);
        from.Buffer.Span[..from.Size].CopyTo(_last.Buffer.Span);
        _lastSender = sender;
        return sender;
    }
}
