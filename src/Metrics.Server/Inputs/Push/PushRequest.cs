using System.Net;
using Metrics.Storage;

namespace Metrics.Inputs.Push;

/// <summary>One push over HTTP.</summary>
/// <param name="From">Its sender's address; null is one that has none.</param>
/// <param name="Body">The body as it comes.</param>
/// <param name="Encoding">How the body is packed, as <c>Content-Encoding</c> says; empty is not at all.</param>
/// <param name="Source">Who sends, as limits name it.</param>
/// <param name="Binding">Of whom alone the sender may send; null is of anybody.</param>
internal sealed record PushRequest(IPAddress? From, Stream Body, string Encoding, string Source, SenderBinding? Binding)
{
    /// <summary>Whether what comes is packed by snappy as one block, whatever <see cref="Encoding"/> it was packed by once more.</summary>
    public bool IsSnappy { get; init; }

    /// <summary>
    /// Whether two pushes that hold the same, byte for byte, are one: each line has a time so fine that nobody writes two of the same.
    /// </summary>
    public bool IsOnce { get; init; }
}

/// <summary>Why a push is not taken, or not whole.</summary>
/// <param name="Status">HTTP's status.</param>
/// <param name="Error">For its sender.</param>
internal readonly record struct PushRefusal(int Status, string Error)
{
    /// <summary>What could not be stored: come again soon (429) while the store does not keep up, later (503) while it fails.</summary>
    public static PushRefusal Of(StoreException e) => new(e is StoreFullException ? 429 : 503, e.Message);
}

/// <summary>Lines of one push that are refused: how many, and what is wrong with the first few.</summary>
internal sealed class RefusedLines
{
    private const int MaxNamed = 3;

    private readonly List<string> _named = [];

    /// <summary>How many.</summary>
    public int Count { get; private set; }

    /// <summary>What is wrong with the first few; null where none is refused.</summary>
    public string? Faults => _named.Count == 0 ? null : string.Join("; ", _named);

    /// <summary>Counts one.</summary>
    /// <param name="fault">Names the line, and what is wrong with it.</param>
    public void Add(string fault)
    {
        Count++;
        if (_named.Count < MaxNamed)
            _named.Add(fault);
    }
}
