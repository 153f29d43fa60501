using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Metrics.Storage.Events.Evidence;

namespace Metrics.Cli;

/// <summary>What is in a folder of evidence.</summary>
/// <param name="Version">Of the program that wrote it.</param>
/// <param name="Created">When, RFC 3339.</param>
/// <param name="Daemon">The daemon that was asked.</param>
/// <param name="From">The earliest time.</param>
/// <param name="To">The latest time.</param>
/// <param name="About">What the events are about; null for all of the time.</param>
/// <param name="Events">How many events there are.</param>
/// <param name="Complete">Whether the ledger misses nothing of the time.</param>
/// <param name="Cut">What is left out, for people.</param>
/// <param name="Head">The newest head of the chain of sealed days; null where nothing is sealed.</param>
/// <param name="Files">The files.</param>
internal sealed record EvidenceManifest(
    string Version, string Created, string Daemon, string From, string To, string? About, long Events, bool Complete,
    IReadOnlyList<string> Cut, string? Head, IReadOnlyList<EvidenceFile> Files)
{
    /// <summary>Its own file.</summary>
    public const string FileName = "manifest.json";

    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>As it is written.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, s_json) + "\n";

    /// <summary>Reads one.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    public static EvidenceManifest Parse(string json) =>
        JsonSerializer.Deserialize<EvidenceManifest>(json, s_json) ?? throw new JsonException("it is empty");
}

/// <summary>A file of evidence.</summary>
/// <param name="Name">Its name in the folder.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Sha256">Its SHA-256, in hexadecimal.</param>
internal sealed record EvidenceFile(string Name, long Bytes, string Sha256)
{
    /// <summary>A file as it is now.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static EvidenceFile Of(string path)
    {
        using FileStream file = File.OpenRead(path);
        return new EvidenceFile(Path.GetFileName(path), file.Length, EventSeal.Hex(SHA256.HashData(file)));
    }
}
