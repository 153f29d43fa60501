using Metrics.Text;

namespace Metrics.Configuration;

/// <summary>A secret given by value or by file. It is never printed; a file is read anew at each use, so that it can be changed.</summary>
internal sealed class Secret
{
    private readonly string? _value;
    private readonly string? _file;

    private Secret(string? value, string? file)
    {
        _value = value;
        _file = file;
    }

    public static Secret FromValue(string value) => new(value, null);

    public static Secret FromFile(string path) => new(null, path);

    /// <summary>Reads <c>KEY</c> or <c>KEY_file</c>.</summary>
    public static Secret? Read(YamlSection section, string key)
    {
        string? value = section.Text(key);
        string? file = section.Text(key + "_file");
        if (value is not null && file is not null)
            section.Report(key, $"and '{key}_file' cannot stand together");
        if (file is not null && !File.Exists(file))
            section.Report(key + "_file", $"is '{file}', which does not exist");
        return value is not null ? FromValue(value) : file is not null ? FromFile(file) : null;
    }

    /// <summary>The secret itself.</summary>
    /// <exception cref="IOException">Its file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Its file may not be read.</exception>
    public string Reveal() => _value ?? TextFile.Read(_file!).Trim();

    /// <summary>Whether there is nothing in it now; a file that cannot be read may hold something.</summary>
    public bool IsEmpty()
    {
        try
        {
            return string.IsNullOrWhiteSpace(Reveal());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    public override string ToString() => "<secret>";
}
