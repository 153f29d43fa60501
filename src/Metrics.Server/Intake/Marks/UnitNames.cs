using System.Text.RegularExpressions;

namespace Metrics.Intake.Marks;

/// <summary>
/// What a unit is one of. Units that are made for one use have a number, a digest or an instance in their names: they are not new each
/// time.
/// </summary>
/// <remarks>systemd.unit(5), systemd-run(1)</remarks>
internal static partial class UnitNames
{
    /// <summary>
    /// The name without what differs each time: <c>getty@tty1</c> is one of <c>getty@</c>, <c>run-u42</c> of <c>run-*</c>,
    /// <c>dbus-:1.3-org.example</c> of <c>dbus-org.example</c>, <c>libpod-6f1c…</c> of <c>libpod-*</c>.
    /// </summary>
    public static string Template(string unit)
    {
        int at = unit.IndexOf('@', StringComparison.Ordinal);
        if (at > 0)
            unit = unit[..(at + 1)];
        unit = Run().Replace(unit, "run-*");
        unit = BusName().Replace(unit, "dbus-");
        return Digest().Replace(unit, "*");
    }

    /// <summary>The names that systemd-run makes up; others that begin so have been chosen.</summary>
    [GeneratedRegex("^run-([ur][0-9]+|r[0-9a-f]{32}|p[0-9]+-i[0-9]+)$", RegexOptions.CultureInvariant)]
    private static partial Regex Run();

    [GeneratedRegex("^dbus-:[0-9.]+-", RegexOptions.CultureInvariant)]
    private static partial Regex BusName();

    /// <summary>Eight hexadecimal digits or more, of which one at least is a digit: <c>feedface</c> may be a name.</summary>
    [GeneratedRegex("(?=[a-fA-F]*[0-9])[0-9a-fA-F]{8,}", RegexOptions.CultureInvariant)]
    private static partial Regex Digest();
}
