using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Metrics.Model;
using Metrics.Rules;

namespace Metrics.Routing;

/// <summary>What tells alerts apart: the rule, and the series that it is about.</summary>
/// <param name="Rule">File, group and name of the rule.</param>
/// <param name="Series">Labels of the series.</param>
public readonly record struct AlertKey(string Rule, Labels Series)
{
    [ThreadStatic]
    private static IncrementalHash? t_sha256;

    /// <summary>
    /// A number for it that stays the same over restarts. It comes of SHA-256, so that nobody who chooses labels can make an alert look like
    /// another that was told already.
    /// </summary>
    public UInt128 ToId()
    {
        // Kept: to find the algorithm anew costs ten times as much as to use it.
        IncrementalHash sha256 = t_sha256 ??= IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        sha256.AppendData(Encoding.UTF8.GetBytes($"{Rule}\n{Series}"));
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        sha256.GetHashAndReset(hash);
        return BinaryPrimitives.ReadUInt128BigEndian(hash);
    }
}

/// <summary>An alert on its way to people.</summary>
/// <param name="Rule">File, group and name of its rule.</param>
/// <param name="Alert">As its rule left it last.</param>
/// <param name="Before">Its state before the last step; what an ended alert had been.</param>
/// <param name="At">When that step was, milliseconds since 1970 UTC.</param>
public sealed record RoutedAlert(string Rule, AlertInstance Alert, AlertState Before, long At)
{
    private UInt128 _id;

    /// <summary>What tells it apart.</summary>
    public AlertKey Key => new(Rule, Alert.Series);

    /// <summary>What tells it apart, over restarts.</summary>
    public UInt128 Id => _id == 0 ? _id = Key.ToId() : _id;

    /// <summary>Whether it comes and goes so often that people were told so; it is held open until it is quiet.</summary>
    public bool IsFlapping { get; init; }

    /// <summary>Whether it is over, for those who are told of it.</summary>
    public bool IsOver => Alert.State is AlertState.Inactive && !IsFlapping;

    /// <summary>Whether what is known of it is worth a message of its own: no data, or flapping.</summary>
    public bool IsMarked => !IsOver && (IsFlapping || Alert.State is AlertState.NoData);

    /// <summary>When it fired, milliseconds since 1970 UTC.</summary>
    public long FiredAt => ((IsOver ? Before : Alert.State) switch { AlertState.NoData n => n.Before, var state => state }) is AlertState.Firing f ? f.FiredAt : At;
}
