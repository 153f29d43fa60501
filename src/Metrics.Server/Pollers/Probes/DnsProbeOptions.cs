using DnsClient;
using Metrics.Configuration;
using Metrics.Text;

namespace Metrics.Pollers.Probes;

/// <summary>What a DNS server is asked, and what the answer must be like; the words are blackbox_exporter's.</summary>
internal sealed record DnsProbeOptions(
    string QueryName, QueryType Type, QueryClass Class, bool OverTcp, bool Recurses, IReadOnlyList<string> ValidRcodes,
    RecordChecks Answer, RecordChecks Authority, RecordChecks Additional)
{
    public static DnsProbeOptions Read(YamlSection section, bool isUsed)
    {
        string typeText = section.Text("query_type", "A");
        if (!Enum.TryParse(typeText, ignoreCase: true, out QueryType type))
            section.Report("query_type", $"is '{typeText}'; it must be a DNS type such as A, AAAA, SOA or MX");
        // Those of the answer may stand here alone, too.
        RecordChecks answer = section.Has("validate_answer_rrs")
            ? RecordChecks.Read(section.Section("validate_answer_rrs")) : RecordChecks.ReadKeys(section);
        var options = new DnsProbeOptions(
            isUsed ? section.RequiredText("query_name") : section.Text("query_name", ""), type,
            Enum.Parse<QueryClass>(section.Choice("query_class", "IN", "IN", "CH", "HS")),
            section.Choice("transport_protocol", "udp", "udp", "tcp") == "tcp", section.Flag("recursion_desired", true),
            section.Texts("valid_rcodes"), answer, RecordChecks.Read(section.Section("validate_authority_rrs")),
            RecordChecks.Read(section.Section("validate_additional_rrs")));
        OthersKeys.RefuseInProbe(section);
        section.Finish();
        return options;
    }
}

/// <summary>What the records of one part of an answer must be like.</summary>
/// <param name="FailIfMatches">None may match one of these.</param>
/// <param name="FailIfAllMatch">All must match all of these, whatever the name says: blackbox_exporter judges so.</param>
/// <param name="FailIfNotMatches">Each must match all of these.</param>
/// <param name="FailIfNoneMatches">One must match one of these.</param>
internal sealed record RecordChecks(
    IReadOnlyList<Re2> FailIfMatches, IReadOnlyList<Re2> FailIfAllMatch, IReadOnlyList<Re2> FailIfNotMatches,
    IReadOnlyList<Re2> FailIfNoneMatches)
{
    public static RecordChecks Read(YamlSection section)
    {
        RecordChecks checks = ReadKeys(section);
        section.Finish();
        return checks;
    }

    /// <summary>Reads the keys where they stand among others.</summary>
    public static RecordChecks ReadKeys(YamlSection section) => new(
        ProbeJob.ReadRegexes(section, "fail_if_matches_regexp"), ProbeJob.ReadRegexes(section, "fail_if_all_match_regexp"),
        ProbeJob.ReadRegexes(section, "fail_if_not_matches_regexp"), ProbeJob.ReadRegexes(section, "fail_if_none_matches_regexp"));

    /// <summary>Why records are not as they must be; null where they are.</summary>
    /// <param name="part">What they are, such as <c>answer</c>.</param>
    /// <param name="records">As text, with tabs, as zone files and blackbox_exporter have them.</param>
    public string? FaultOf(string part, IReadOnlyList<string> records)
    {
        foreach (string record in records)
        {
            if (FailIfMatches.FirstOrDefault(r => r.IsMatch(record)) is { } bad)
                return $"the {part} '{record}' matches '{bad}'";
            if (FailIfNotMatches.FirstOrDefault(r => !r.IsMatch(record)) is { } missing)
                return $"the {part} '{record}' does not match '{missing}'";
        }
        if (FailIfAllMatch.FirstOrDefault(r => !records.All(r.IsMatch)) is { } all)
            return $"not each {part} matches '{all}'";
        if (records.Count == 0 && FailIfNotMatches.Count > 0)
            return $"there is no {part} that could match";
        return FailIfNoneMatches.Count == 0 || records.Any(r => FailIfNoneMatches.Any(n => n.IsMatch(r))) ? null
            : $"no {part} matches {string.Join(" or ", FailIfNoneMatches.Select(r => $"'{r}'"))}";
    }
}
