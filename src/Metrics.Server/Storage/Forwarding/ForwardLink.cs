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

    public ForwardLink() => _chain = [Session];

    /// <summary>Names this run of the process, so that two machines of one name are noticed.</summary>
    public string Session { get; } = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));

    /// <summary>This run, and those through which events go on from here, as far as is known.</summary>
    public IReadOnlyList<string> Chain => _chain;

    /// <summary>Completed when the centre has said whether this machine is who it says.</summary>
    public Task Known => _known.Task;

    /// <summary>Why samples are held back; null when they may go.</summary>
    public string? Closed => _closed;

    /// <summary>Why the centre has not taken what was last sent; null when it has.</summary>
    public string? Trouble => _trouble;

    /// <summary>The centre knows us, and has taken what was sent.</summary>
    /// <param name="beyond">The runs through which it goes on from there.</param>
    public void Succeed(IReadOnlyList<string> beyond)
    {
        _chain = [Session, .. beyond.Take(MaxChain)];
        (_closed, _trouble) = (null, null);
        _known.TrySetResult();
    }

    /// <summary>The centre has not taken it.</summary>
    /// <param name="why">Why.</param>
    /// <param name="isClosed">Whether nothing may go there, also no samples: it knows another by our name, or all would come back.</param>
    public void Fail(string why, bool isClosed)
    {
        _trouble = why;
        if (!isClosed)
            return;
        _closed = why;
        _known.TrySetResult();
    }
}
