using System.Buffers;
using Metrics.Formats.Syslog;

namespace Metrics.Inputs.Syslog;

/// <summary>What one RELP connection has agreed on and asks: commands in, answers out. Knows nothing of sockets.</summary>
/// <param name="maxMessageBytes">Longest message that is kept whole.</param>
internal sealed class RelpSession(int maxMessageBytes)
{
    private const string Offers = "200 OK\nrelp_version=0\nrelp_software=metricsd\ncommands=syslog";

    private readonly RelpReader _reader = new(maxMessageBytes);
    private bool _isOpen;

    /// <summary>Room that a buffer needs for one frame of the greatest length.</summary>
    public int MaxBuffered => _reader.MaxBuffered;

    /// <summary>Whether the other side has said good-bye.</summary>
    public bool IsClosed { get; private set; }

    /// <summary>Whether what comes is no RELP; only closing helps.</summary>
    public bool IsOutOfStep { get; private set; }

    /// <summary>Takes the frames at the start of the bytes.</summary>
    /// <param name="bytes">What was read and not taken.</param>
    /// <param name="messages">Gets the messages.</param>
    /// <param name="sender">From where they came.</param>
    /// <param name="answers">Gets the answers, to be sent when the messages are on disk.</param>
    /// <returns>Bytes left at the end: half a frame.</returns>
    public int Take(ReadOnlySpan<byte> bytes, SyslogBatch messages, string sender, ArrayBufferWriter<byte> answers)
    {
        ReadOnlySpan<byte> rest = bytes;
        while (!IsClosed)
        {
            FrameResult result = _reader.Read(ref rest, out RelpFrame frame);
            IsOutOfStep |= result == FrameResult.Invalid;
            if (result != FrameResult.Frame || IsOutOfStep)
                break;
            RelpReader.WriteResponse(answers, frame.Transaction, Answer(frame, messages, sender));
        }
        return rest.Length;
    }

    private string Answer(RelpFrame frame, SyslogBatch messages, string sender)
    {
        switch (frame.Command)
        {
            case var command when command.SequenceEqual("syslog"u8) && _isOpen:
                messages.Add(frame.Data, sender, frame.WasCut);
                return "200 OK";
            case var command when command.SequenceEqual("open"u8) && !_isOpen:
                if (!OffersSyslog(frame.Data))
                    return "500 the command syslog is required";
                _isOpen = true;
                return Offers;
            case var command when command.SequenceEqual("close"u8):
                IsClosed = true;
                return "";
            default:
                return _isOpen ? "500 only syslog and close are known here" : "500 open must come first";
        }
    }

    /// <summary>Whether a line <c>commands=…</c> of the offers names <c>syslog</c>.</summary>
    private static bool OffersSyslog(ReadOnlySpan<byte> offers)
    {
        foreach (Range line in offers.Split((byte)'\n'))
        {
            ReadOnlySpan<byte> offer = offers[line].TrimEnd((byte)'\r');
            if (!offer.StartsWith("commands="u8))
                continue;
            ReadOnlySpan<byte> commands = offer["commands=".Length..];
            foreach (Range command in commands.Split((byte)','))
            {
                if (commands[command].Trim((byte)' ').SequenceEqual("syslog"u8))
                    return true;
            }
        }
        return false;
    }
}
