using System.Globalization;
using System.Text.Json;
using Metrics.Text;

namespace Metrics.Cli;

/// <summary>Writes a ledger for people: a table of what was read, what is missing and why, and the answer.</summary>
internal static class LedgerText
{
    private static readonly TextTable s_table = new(
        ["file", "inode", "read", "from byte", "to byte", "lines", "records", "stored", "left out", "first time", "last time"],
        "inode", "from byte", "to byte", "lines", "records", "stored", "left out");

    /// <param name="ledger">The ledger as the API writes it.</param>
    /// <param name="to">Where to.</param>
    public static void Write(JsonElement ledger, TextWriter to)
    {
        s_table.Write([.. ledger.GetProperty("rows").EnumerateArray().Select(Row)], to);
        if (ledger.GetProperty("more").GetInt32() is var more and > 0)
            to.WriteLine($"… and {Number(more)} rows more");
        foreach (JsonElement gap in ledger.GetProperty("gaps").EnumerateArray())
            to.WriteLine("missing: " + Gap(gap));
        foreach (JsonElement one in ledger.GetProperty("waiting").EnumerateArray())
            to.WriteLine($"unread: {Place(one)}, {Number(one.GetProperty("bytes").GetInt64())} bytes: {TextCell.Plain(one, "reason")}");
        foreach (JsonElement source in ledger.GetProperty("sources").EnumerateArray())
            to.WriteLine(Source(source));
        string by = TextCell.Plain(ledger, "by") == "arrival" ? "read" : "said";
        to.WriteLine($"{(ledger.GetProperty("complete").GetBoolean() ? "complete" : "NOT COMPLETE")}: "
            + $"lines {by} from {TextCell.Plain(ledger, "from")} to {TextCell.Plain(ledger, "to")}"
            + (ledger.GetProperty("rows").GetArrayLength() == 0 ? "; none was read" : ""));
    }

    private static string[] Row(JsonElement row) =>
    [
        Place(row), TextCell.TextOrEmpty(row, "inode"), Short(TextCell.TextOrEmpty(row, "arrived")) + "h", Count(row, "begins"),
        Count(row, "ends"), Count(row, "lines"), Count(row, "records"), Count(row, "stored"), Count(row, "notStored"),
        TextCell.TextOrEmpty(row, "firstTime"), TextCell.TextOrEmpty(row, "lastTime"),
    ];

    private static string Gap(JsonElement gap)
    {
        long bytes = gap.GetProperty("bytes").GetInt64();
        string amount = gap.GetProperty("records").GetInt64() is var records and > 0 ? $"{Number(records)} messages"
            : !gap.GetProperty("atLeast").GetBoolean() ? $"{Number(bytes)} bytes"
            : bytes > 0 ? $"at least {Number(bytes)} bytes" : "nobody knows how much";
        string since = TextCell.Plain(gap, "fromTime") is { Length: > 0 } from ? $"of {from} to" : "of before";
        string inode = TextCell.Plain(gap, "inode");
        string where = inode == "0" ? "" : $" (inode {inode}) from byte {Count(gap, "begins")} on";
        return $"{Place(gap)}{where}, {amount}, "
            + $"{since} {TextCell.Plain(gap, "toTime")}: {TextCell.Plain(gap, "reason")}";
    }

    private static string Source(JsonElement source) =>
        $"{TextCell.Plain(source, "source")}: {Count(source, "files")} files, {Count(source, "bytes")} bytes, "
        + $"{Count(source, "lines")} lines, "
        + $"{Count(source, "records")} records = {Count(source, "stored")} stored + {Count(source, "notStored")} left out"
        + (source.GetProperty("unaccounted").GetInt64() is var lost and not 0 ? $" + {Number(lost)} unaccounted for" : "");

    private static string Place(JsonElement of) => TextCell.Plain(of, "path") is { Length: > 0 } path ? path : TextCell.Plain(of, "source");

    private static string Short(string time) => time[..Math.Min(13, time.Length)];

    private static string Count(JsonElement of, string name) => Number(of.GetProperty(name).GetInt64());

    private static string Number(long number) => number.ToString("#,0", CultureInfo.InvariantCulture);
}
