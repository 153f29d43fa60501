using System.Security.Cryptography;

namespace Metrics.Storage.Forwarding;

/// <summary>What is known of the connection with the centre, for all that send there. Safe for use by several threads.</summary>
internal sealed class ForwardLink
{
    private const int MaxChain = 16;

    private readonly TaskCompletionSource _known = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile string? _closed;
    private volatile string? _trouble;
    private volatile IReadOnlyList<string> _chain;
    private volatile bool _isBreaking;

    public ForwardLink() => _chain = [Session];

    /// <summary>Names this run of the process, so that two machines of one name are noticed.</summary>
    public string Session { get; init; } = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));

    /// <summary>This run, and those through which events go on from here, as far as is known.</summary>
    public IReadOnlyList<string> Chain => _chain;

    /// <summary>Completed when the centre has said whether this machine is who it says.</summary>
    public Task Known => _known.Task;

    /// <summary>Why samples are held back; null when they may go.</summary>
    public string? Closed => _closed;

    /// <summary>Why the centre has not taken what was last sent; null when it has.</summary>
    public string? Trouble => _trouble;

    /// <summary>
    /// Whether this run is the one that breaks a circle by sending nothing: of all in it the one whose session is the smallest, or that
    /// breaks it already. What breaks it names nobody behind itself, so that whoever finds itself behind its centre is alone in doing so.
    /// </summary>
    /// <param name="beyond">The runs through which events go on from the centre, its own first.</param>
    public bool IsBreaking(IReadOnlyList<string> beyond)
    {
        string[] others = [.. beyond.TakeWhile(s => s != Session)];
        bool isCircle = others.Length < beyond.Count;
        return _isBreaking = isCircle && (_isBreaking || others.All(s => string.CompareOrdinal(Session, s) < 0));
    }

    /// <summary>The centre knows us.</summary>
    /// <param name="beyond">The runs through which it goes on from there.</param>
    /// <param name="isTaken">Whether it has taken all that was there to send, and was not only asked.</param>
    public void Succeed(IReadOnlyList<string> beyond, bool isTaken)
    {
        _chain = [Session, .. beyond.TakeWhile(s => s != Session).Take(MaxChain)];
        _closed = null;
        if (isTaken)
            _trouble = null;
        _known.TrySetResult();
    }

    /// <summary>The centre has not taken it.</summary>
    /// <param name="why">Why.</param>
    /// <param name="isClosed">Whether nothing may go there, also no samples: it knows another by our name, or all would come back.</param>
    public void Fail(string why, bool isClosed)
    {
        _trouble = why;
        if (_isBreaking)
            _chain = [Session];
        if (!isClosed)
            return;
        _closed = why;
        _known.TrySetResult();
    }
}
