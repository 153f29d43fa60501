using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Metrics.Storage.Events.Evidence;
using Metrics.Text;

namespace Metrics.Cli.Commands;

/// <summary><c>metricsd evidence check FOLDER</c>: whether exported evidence is what was written.</summary>
internal sealed class EvidenceCheckCommand : CliCommand
{
    private readonly Argument<string> _folder = new("FOLDER") { Description = "What metricsd evidence export has written." };

    private readonly Option<string?> _sha256 =
        new("--sha256") { HelpName = "HASH", Description = "The manifest's SHA-256, as the export has said it." };

    public EvidenceCheckCommand(CommonOptions common)
        : base(common, "check", "Check exported evidence, without a daemon; exit with 1 where it was altered.")
    {
        Add(_folder);
        Add(_sha256);
        Example("metricsd evidence check case-7 --sha256 9f86d081…", "Whether all files are what they were.");
    }

    protected override Task<int> RunAsync(Invocation call, CancellationToken cancel)
    {
        string folder = call.Value(_folder), file = Path.Combine(folder, EvidenceManifest.FileName);
        string? expected = call.Value(_sha256)?.Trim();
        try
        {
            string hash = EvidenceFile.Of(file).Sha256;
            EvidenceManifest manifest = ReadManifest(file);
            List<string> wrong = [.. Wrong(folder, manifest, hash, expected)];
            foreach (string one in wrong)
                call.Output.WriteLine($"ALTERED: {PlainText.Line(one)}");
            if (wrong.Count == 0)
            {
                string found = expected is null ? "all files are what the manifest says" : "nothing was altered";
                string time = PlainText.Line($"from {manifest.From} to {manifest.To}");
                call.Output.WriteLine(string.Create(
                    CultureInfo.InvariantCulture, $"{found}: {manifest.Files.Count} files, {manifest.Events} events {time}"));
            }
            call.Output.WriteLine($"{EvidenceManifest.FileName}: SHA-256 {hash}");
            if (expected is null)
                call.Output.WriteLine("whether the manifest is the one that was written, --sha256 says with what the export has printed");
            return Task.FromResult(wrong.Count == 0 ? ExitCode.Ok : ExitCode.No);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCode.No, $"{folder} cannot be checked: {e.Message}");
        }
    }

    private static EvidenceManifest ReadManifest(string file)
    {
        try
        {
            return EvidenceManifest.Parse(File.ReadAllText(file));
        }
        catch (JsonException e)
        {
            throw new CommandException(ExitCode.No, $"{file} is no manifest of evidence: {e.Message}");
        }
    }

    private static IEnumerable<string> Wrong(string folder, EvidenceManifest manifest, string hash, string? expected)
    {
        if (expected is not null && !hash.Equals(expected.Trim(), StringComparison.OrdinalIgnoreCase))
            yield return $"{EvidenceManifest.FileName} is another one: its SHA-256 is not {expected.Trim()}";
        foreach (EvidenceFile file in manifest.Files)
        {
            string path = Path.Combine(folder, Path.GetFileName(file.Name));
            if (!File.Exists(path))
                yield return $"{file.Name} is gone";
            else if (EvidenceFile.Of(path) != file)
                yield return $"{file.Name} is not what was written";
        }
        var known = manifest.Files.Select(f => f.Name).Append(EvidenceManifest.FileName).ToHashSet();
        foreach (string other in Directory.EnumerateFileSystemEntries(folder).Select(f => Path.GetFileName(f)).Except(known))
            yield return $"{other} was not written by the export";
        string seals = Path.Combine(folder, "seals.json");
        if (File.Exists(seals) && SealWrong(File.ReadAllText(seals), manifest.Head) is { } reason)
            yield return $"seals.json: {reason}";
    }

    /// <summary>Whether the exported seals are a chain that ends with the manifest's head.</summary>
    private static string? SealWrong(string json, string? head)
    {
        string? before = null;
        try
        {
            foreach (JsonElement one in JsonElement.Parse(json).GetProperty("seals").EnumerateArray())
            {
                var seal = new EventSeal(
                    Text(one, "table"), one.GetProperty("firstId").GetInt64(), one.GetProperty("lastId").GetInt64(),
                    one.GetProperty("count").GetInt64(), Text(one, "hash"), [], Text(one, "before"), 0);
                if ((before is not null && before != seal.Before) || seal.Head != Text(one, "head"))
                    return $"the chain is broken at {PlainText.Line(seal.Table)}";
                before = seal.Head;
            }
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return $"it has another form: {e.Message}";
        }
        return before == head ? null : "the chain ends otherwise than the manifest says";
    }

    private static string Text(JsonElement one, string name) => one.GetProperty(name).GetString() ?? "";
}
