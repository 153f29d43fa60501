using System.Security.Cryptography;
using System.Text;
using Metrics.Configuration;
using Metrics.Rules;
using Metrics.Rules.Templates;
using Metrics.Text;

namespace Metrics.Notifiers;

/// <summary>
/// The templates that texts of receivers may use by name: Alertmanager's own, and those of the files that <c>templates</c> names.
/// </summary>
/// <param name="Defines">What they are.</param>
/// <param name="Digest">Tells two readings apart that found other texts; empty without files.</param>
/// <remarks>https://prometheus.io/docs/alerting/latest/configuration/#file-layout-and-global-settings</remarks>
internal sealed record MessageTemplates(GoDefines Defines, string Digest)
{
    public const string Key = "templates";

    public static MessageTemplates Default { get; } = new(DefaultTemplates.All, "");

    /// <summary>Reads the files; what is wrong with one is said with its place.</summary>
    public static MessageTemplates Read(YamlSection top)
    {
        GoDefines defines = DefaultTemplates.All;
        var seen = new StringBuilder();
        foreach (string pattern in top.Texts(Key))
        {
            // Alertmanager looks for them beside its configuration.
            string full = Path.Combine(Path.GetDirectoryName(top.File) ?? "", pattern);
            if (!PathPattern.IsPattern(full) && !File.Exists(full))
                top.Report(Key, $"has '{pattern}', which is no file: {Path.GetFullPath(full)}");
            IEnumerable<string> files = PathPattern.Files(full, (folder, e) => top.Problems.Add(PathPattern.Unreadable(folder, e)));
            foreach (string file in files.Distinct().Order(StringComparer.Ordinal))
            {
                if (ReadFile(file, top.Problems) is not { } text)
                    continue;
                seen.Append(file).Append('\0').Append(text).Append('\0');
                defines = Read(file, text, defines, top.Problems);
            }
        }
        return new MessageTemplates(
            defines, seen.Length == 0 ? "" : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(seen.ToString()))));
    }

    private static GoDefines Read(string file, string text, GoDefines before, List<Problem> problems)
    {
        try
        {
            GoSource source = GoParser.Parse(text, GoLibrary.Messages);
            // A file is a template too, by its name.
            return before.With(new Dictionary<string, List<GoNode>> { [Path.GetFileName(file)] = source.Nodes }).With(source.Defines);
        }
        catch (TemplateException e)
        {
            problems.Add(new Problem(file, e.Line, e.Column, $"is no template: {e.Reason}"));
            return before;
        }
    }

    private static string? ReadFile(string file, List<Problem> problems)
    {
        try
        {
            return TextFile.Read(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problems.Add(new Problem(file, 0, 0, $"cannot be read: {e.Message}"));
            return null;
        }
    }
}
