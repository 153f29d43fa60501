namespace Metrics.Query.Functions;

/// <summary>Functions of one value.</summary>
internal static class MathFunctions
{
    private static readonly Dictionary<string, Func<double, double>> s_functions = new()
    {
        ["abs"] = Math.Abs, ["ceil"] = Math.Ceiling, ["floor"] = Math.Floor, ["exp"] = Math.Exp, ["sqrt"] = Math.Sqrt,
        ["ln"] = Math.Log, ["log2"] = Math.Log2, ["log10"] = Math.Log10,
        ["sin"] = Math.Sin, ["cos"] = Math.Cos, ["tan"] = Math.Tan, ["asin"] = Math.Asin, ["acos"] = Math.Acos, ["atan"] = Math.Atan,
        ["sinh"] = Math.Sinh, ["cosh"] = Math.Cosh, ["tanh"] = Math.Tanh, ["asinh"] = Math.Asinh, ["acosh"] = Math.Acosh,
            ["atanh"] = Math.Atanh,
        ["deg"] = v => v * 180 / Math.PI,
        ["rad"] = v => v * Math.PI / 180,
        ["sgn"] = v => v < 0 ? -1 : v > 0 ? 1 : v,
        ["days_in_month"] = Date(d => DateTime.DaysInMonth(d.Year, d.Month)), ["day_of_month"] = Date(d => d.Day),
            ["day_of_week"] = Date(d => (int)d.DayOfWeek),
        ["day_of_year"] = Date(d => d.DayOfYear), ["hour"] = Date(d => d.Hour), ["minute"] = Date(d => d.Minute),
            ["month"] = Date(d => d.Month), ["year"] = Date(d => d.Year),
    };

    /// <summary>The function of a name, or null.</summary>
    public static Func<double, double>? Find(string name) => s_functions.GetValueOrDefault(name);

    /// <summary>A part of the date in UTC that a number of seconds since 1970 stands for; NaN beyond the years 1 to 9999.</summary>
    private static Func<double, double> Date(Func<DateTime, int> part) => seconds =>
        seconds is > -62_135_596_801 and < 253_402_300_800 ? part(DateTime.UnixEpoch.AddSeconds(Math.Truncate(seconds))) : double.NaN;
}
