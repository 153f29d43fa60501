using System.Globalization;
using System.Text.Json;
using Metrics.Routing;
using Metrics.Series;
using Metrics.Text;

namespace Metrics.Cli;

/// <summary>What is known about a value, for people: the events as they happened, each with why it is there.</summary>
internal static class AboutText
{
    private const string Form = "--about takes FIELD=VALUE, such as user.name=alice";

    /// <summary>Values that are named as followed, those with most events.</summary>
    private const int MaxFollowed = 20;

    /// <summary>The parameters that ask about a value.</summary>
    /// <param name="text">As the command line has it.</param>
    /// <exception cref="CommandException">It is no field with a value.</exception>
    public static string Question(string text)
    {
        try
        {
            if (MatcherText.Parse(text) is [{ Kind: MatchKind.Equal, Value.Length: > 0 } one])
                return $"field={Uri.EscapeDataString(one.Name)}&value={Uri.EscapeDataString(one.Value)}";
        }
        catch (FormatException e)
        {
            throw new CommandException(ExitCode.Misuse, $"{Form}: {e.Message}");
        }
        throw new CommandException(ExitCode.Misuse, Form);
    }

    /// <summary>Writes the events, and beside them what was not followed or is left out.</summary>
    public static void Write(JsonElement about, Invocation call)
    {
        List<JsonElement> found = [.. about.GetProperty("events").EnumerateArray()];
        int width = found.Count == 0 ? 0 : found.Max(e => Belongs(e).Length);
        foreach (JsonElement one in found)
        {
            if (call.WantsJson)
            {
                call.Output.WriteLine(one.GetRawText());
                continue;
            }
            call.Output.Write(Belongs(one).PadRight(width + 2));
            EventText.Write(one.GetProperty("event"), call.Output);
        }
        if (found.Count == 0)
        {
            call.Error.WriteLine($"metricsd: no event from {TextCell.Plain(about, "from")} to {TextCell.Plain(about, "to")} has "
                + $"{TextCell.Plain(about, "field")}={TextCell.Plain(about, "value")}");
        }
        JsonElement[] followed = [.. about.GetProperty("followed").EnumerateArray()
            .Where(f => Count(f) > 0).OrderByDescending(Count)];
        foreach (JsonElement one in followed.Take(MaxFollowed))
        {
            string events = Count(one) == 1 ? "other event" : "other events";
            call.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"followed: {TextCell.Plain(one, "relation")}, {TextCell.Plain(one, "value")}: {Count(one)} {events}"));
        }
        if (followed.Length > MaxFollowed)
            call.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"followed: {followed.Length - MaxFollowed} values more"));
        foreach (JsonElement one in about.GetProperty("notFollowed").EnumerateArray())
            call.Error.WriteLine(NotFollowed(one));
        foreach (JsonElement one in about.GetProperty("cut").EnumerateArray())
            call.Error.WriteLine($"metricsd: {PlainText.Line(one.GetString()!)}");
    }

    /// <summary>Which of the values was not followed, and why.</summary>
    public static string NotFollowed(JsonElement one) =>
        $"not followed: {TextCell.Plain(one, "relation")}, {TextCell.Plain(one, "value")}: {TextCell.Plain(one, "reason")}";

    private static string Belongs(JsonElement one) =>
        PlainText.Line(string.Join(", ", one.GetProperty("belongs").EnumerateArray().Select(b => b.GetString())));

    private static int Count(JsonElement one) => one.GetProperty("events").GetInt32();
}
