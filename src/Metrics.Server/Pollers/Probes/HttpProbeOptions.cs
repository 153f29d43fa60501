using System.Globalization;
using Metrics.Configuration;
using Metrics.Text;

namespace Metrics.Pollers.Probes;

/// <summary>How an HTTP question is put, and what the answer must be like; the words are blackbox_exporter's.</summary>
internal sealed record HttpProbeOptions
{
    private static readonly string[] s_compressions = ["", "identity", "gzip", "br", "deflate"];

    public required string Method { get; init; }

    public required IReadOnlyDictionary<string, string> Headers { get; init; }

    public string? Body { get; init; }

    /// <summary>The file that holds the body, read at each question.</summary>
    public string? BodyFile { get; init; }

    /// <summary>Default: any from 200 to 299.</summary>
    public required IReadOnlyList<int> ValidStatusCodes { get; init; }

    /// <summary>Such as <c>HTTP/1.1</c>; default: any.</summary>
    public required IReadOnlyList<string> ValidVersions { get; init; }

    /// <summary>How the answer must be packed; empty asks for none.</summary>
    public required string Compression { get; init; }

    public required IReadOnlyList<Re2> FailIfMatches { get; init; }

    public required IReadOnlyList<Re2> FailIfNotMatches { get; init; }

    public required IReadOnlyList<HeaderMatch> FailIfHeaderMatches { get; init; }

    public required IReadOnlyList<HeaderMatch> FailIfHeaderNotMatches { get; init; }

    public required bool FailIfSsl { get; init; }

    public required bool FailIfNotSsl { get; init; }

    public required long BodySizeLimitBytes { get; init; }

    /// <summary>How targets are reached, and what shows them who we are.</summary>
    public required HttpAccess Access { get; init; }

    /// <summary>Whether a regular expression is asked for.</summary>
    public bool HasExpressions =>
        FailIfMatches.Count + FailIfNotMatches.Count + FailIfHeaderMatches.Count + FailIfHeaderNotMatches.Count > 0;

    public static HttpProbeOptions Read(YamlSection section)
    {
        HttpAccess access = HttpAccess.ReadKeys(section, followsRedirects: true);
        string? body = section.Text("body"), file = section.Text("body_file");
        if (body is not null && file is not null)
            section.Report("body", "and body_file cannot stand together");
        else if (file is not null && !File.Exists(file))
            section.Report("body_file", $"is '{file}', which does not exist");
        var options = new HttpProbeOptions
        {
            Method = section.Text("method", "GET"),
            Headers = section.Map("headers"),
            Body = body,
            BodyFile = file,
            ValidStatusCodes = ReadCodes(section),
            ValidVersions = section.Texts("valid_http_versions"),
            Compression = section.Choice("compression", "", s_compressions),
            FailIfMatches = ProbeJob.ReadRegexes(section, "fail_if_body_matches_regexp"),
            FailIfNotMatches = ProbeJob.ReadRegexes(section, "fail_if_body_not_matches_regexp"),
            FailIfHeaderMatches = HeaderMatch.ReadAll(section, "fail_if_header_matches"),
            FailIfHeaderNotMatches = HeaderMatch.ReadAll(section, "fail_if_header_not_matches"),
            FailIfSsl = section.Flag("fail_if_ssl", false),
            FailIfNotSsl = section.Flag("fail_if_not_ssl", false),
            BodySizeLimitBytes = section.Bytes("body_size_limit", 10L << 20, min: 1),
            // The account may stand here alone, too.
            Access = section.Has("username") && access.Username is null
                ? access with { Username = Secret.Read(section, "username"), Password = Secret.Read(section, "password") } : access,
        };
        OthersKeys.RefuseInProbe(section);
        section.Finish();
        return options;
    }

    /// <summary>The body of a question; null is none.</summary>
    /// <exception cref="IOException">Its file cannot be read.</exception>
    public string? BodyNow() => BodyFile is null ? Body : File.ReadAllText(BodyFile);

    private static List<int> ReadCodes(YamlSection section)
    {
        var codes = new List<int>();
        foreach (string text in section.Texts("valid_status_codes"))
        {
            if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int code) && code is >= 100 and <= 599)
                codes.Add(code);
            else
                section.Report("valid_status_codes", $"holds '{text}', which is not a status code");
        }
        return codes;
    }
}

/// <summary>What a header of an answer is held against.</summary>
/// <param name="Header">Its name.</param>
/// <param name="Regex">The expression.</param>
/// <param name="AllowMissing">Whether the header need not be there.</param>
internal sealed record HeaderMatch(string Header, Re2 Regex, bool AllowMissing)
{
    public static IReadOnlyList<HeaderMatch> ReadAll(YamlSection section, string key)
    {
        var all = new List<HeaderMatch>();
        foreach (YamlSection entry in section.Sections(key))
        {
            string header = entry.RequiredText("header");
            Re2? regex = ProbeJob.ReadRegex(entry, "regexp", entry.RequiredText("regexp"));
            bool allowMissing = entry.Flag("allow_missing", false);
            entry.Finish();
            if (regex is not null)
                all.Add(new HeaderMatch(header, regex, allowMissing));
        }
        return all;
    }
}
