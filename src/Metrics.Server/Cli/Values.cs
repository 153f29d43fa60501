using System.CommandLine.Parsing;
using Metrics.Access;

namespace Metrics.Cli;

/// <summary>Reads the values of options. An error names the option, the value found and what is allowed.</summary>
internal static class Values
{
    /// <summary>Reads a duration above zero.</summary>
    /// <param name="examples">What the error offers, such as <c>30m or 2h</c>.</param>
    /// <param name="max">The longest; without it any will do.</param>
    public static Func<ArgumentResult, TimeSpan?> Duration(string examples, TimeSpan? max = null) => result =>
        Model.Duration.TryParse(Text(result), out TimeSpan duration) && duration > TimeSpan.Zero && !(duration > max)
            ? duration
            : Wrong<TimeSpan?>(
                result, $"a duration such as {examples}{(max is { } most ? $", at most {Model.Duration.Format(most)}" : "")}");

    /// <summary>Reads an address of HTTP; one without a scheme is taken as http.</summary>
    public static Uri? Address(ArgumentResult result)
    {
        string text = Text(result);
        bool isSocket = ListenAddress.SocketPathOf(text)?.StartsWith('/') == true;
        string full = isSocket || text.Contains("://", StringComparison.Ordinal) ? text : "http://" + text;
        return Uri.TryCreate(full, UriKind.Absolute, out Uri? address)
            && (isSocket || (address.Scheme is "http" or "https" && address.Host.Length > 0))
            ? address
            : Wrong<Uri?>(result, "an address such as http://127.0.0.1:9890");
    }

    /// <summary>Reads a form of output.</summary>
    public static OutputForm Form(ArgumentResult result) => Text(result) switch
    {
        "text" => OutputForm.Text,
        "json" => OutputForm.Json,
        _ => Wrong<OutputForm>(result, "text or json"),
    };

    /// <summary>Reads a form of output where one of them is CSV.</summary>
    public static OutputForm? FormOrCsv(ArgumentResult result) => Text(result) switch
    {
        "text" => OutputForm.Text,
        "json" => OutputForm.Json,
        "csv" => OutputForm.Csv,
        _ => Wrong<OutputForm?>(result, "text, json or csv"),
    };

    private static string Text(ArgumentResult result) => result.Tokens is [var token] ? token.Value : "";

    private static T? Wrong<T>(ArgumentResult result, string allowed)
    {
        string option = result.Parent is OptionResult parent ? parent.Option.Name : result.Argument.Name;
        result.AddError($"{option} is '{Text(result)}'; it must be {allowed}");
        return default;
    }
}
