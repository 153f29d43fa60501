using System.Text.Json;
using System.Text.Json.Serialization;

namespace Metrics.Formats.Forward;

/// <summary>The first line of what a node sends to its centre: who it is, and how it fares. Events follow, one a line.</summary>
/// <param name="Node">The node's name, as people know it.</param>
/// <param name="Log">Names its event log: ids of events count within one log.</param>
/// <param name="Session">Names this run of its process.</param>
public sealed record ForwardHeader(string Node, string Log, string Session)
{
    /// <summary>Characters of the node's name.</summary>
    public const int MaxNameLength = 128;

    private const int MaxIdLength = 64;

    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip,
    };

    /// <summary>How long the oldest event that is not sent has waited, seconds; 0 where none waits.</summary>
    public double EventLag { get; init; }

    /// <summary>The same of samples.</summary>
    public double SampleLag { get; init; }

    /// <summary>Up to this id events that were not sent are no longer there; 0 where none went.</summary>
    public long LostTo { get; init; }

    /// <summary>Whether a text can name a node: letters, digits, <c>.</c>, <c>_</c>, <c>-</c> and <c>:</c>.</summary>
    public static bool IsName(string text) => text.Length is > 0 and <= MaxNameLength && text.All(IsPlain);

    /// <summary>The line, without its end.</summary>
    public byte[] ToUtf8() => JsonSerializer.SerializeToUtf8Bytes(this, s_json);

    /// <summary>Reads the line; never throws.</summary>
    /// <param name="line">The line, without its end.</param>
    /// <param name="header">What it says.</param>
    /// <param name="fault">What is wrong with it, for whoever sent it.</param>
    public static bool TryRead(ReadOnlySpan<byte> line, out ForwardHeader header, out string? fault)
    {
        header = new ForwardHeader("", "", "");
        fault = null;
        try
        {
            header = JsonSerializer.Deserialize<ForwardHeader>(line, s_json) ?? header;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            fault = "is no JSON object with node, log and session: " + e.Message.Split(" LineNumber", 2)[0].Split(" Path:", 2)[0];
            return false;
        }
        if (!IsName(header.Node))
            fault = $"has a node that is no name of 1 to {MaxNameLength} letters, digits, '.', '_', '-' and ':'";
        else if (!IsId(header.Log) || !IsId(header.Session))
            fault = $"has a log or session that is no name of 1 to {MaxIdLength} letters and digits";
        else if (!(header.EventLag >= 0 && header.SampleLag >= 0 && header.LostTo >= 0))
            fault = "has a number below zero";
        return fault is null;
    }

    private static bool IsId(string text) => text.Length is > 0 and <= MaxIdLength && text.All(char.IsAsciiLetterOrDigit);

    private static bool IsPlain(char c) => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' or ':';
}
