using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Metrics.Model;

namespace Metrics.Routing;

/// <summary>What tells alerts apart: the rule, and the series that it is about.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="Series">Labels of the series.</param>
public readonly record struct AlertKey(RuleId Rule, Labels Series)
{
    [ThreadStatic]
    private static IncrementalHash? t_sha256;

    /// <summary>
    /// A number for it that stays the same over restarts. It comes of SHA-256, so that nobody who chooses labels can make an alert look
    /// like another that people know already.
    /// </summary>
    public AlertId ToId()
    {
        // Kept: to find the algorithm anew costs ten times as much as to use it.
        IncrementalHash sha256 = t_sha256 ??= IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        sha256.AppendData(Encoding.UTF8.GetBytes($"{Rule}\n{Series}"));
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        sha256.GetHashAndReset(hash);
        return new AlertId(BinaryPrimitives.ReadUInt128BigEndian(hash));
    }
}
