using Metrics.Inputs;
using Metrics.Storage.Events;

namespace Metrics.Api.Events;

/// <summary>Something that is not stored yet.</summary>
/// <param name="Source">The input.</param>
/// <param name="Path">The file; empty where it may be any.</param>
/// <param name="Bytes">How much; of a packed file as it is packed.</param>
/// <param name="Reason">Why.</param>
internal sealed record LedgerWait(string Source, string Path, long Bytes, string Reason)
{
    /// <summary>
    /// What may still come of the time that is asked for: files with something unread whose newest line is older, and inputs of files that
    /// take nothing in. By arrival all that is asked for has come.
    /// </summary>
    public static List<LedgerWait> Of(InputRunner inputs, LedgerQuery query)
    {
        var waiting = new List<LedgerWait>();
        if (query.ByArrival)
            return waiting;
        foreach (RunningInput input in inputs.Inputs.Where(i => query.Source is null || i.Options.Name == query.Source))
        {
            foreach (UnreadFile file in input.Counters.Unread.Where(u => u.Newest < query.To && Matches(query.File, u.Path)))
                waiting.Add(new LedgerWait(input.Options.Name, file.Path, file.Bytes, file.Problem ?? "not stored yet"));
            if (input.Options.Kind == "logs" && input.Status is { State: not InputState.Running } status
                && input.Counters.LastEvent * 1_000_000 < query.To)
            {
                waiting.Add(new LedgerWait(input.Options.Name, "", 0, $"the input takes nothing in: {status.Error ?? "it starts"}"));
            }
        }
        return waiting;
    }

    private static bool Matches(string? pattern, string path) =>
        pattern is null || System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(pattern, path, ignoreCase: false);
}
