using System.Text.RegularExpressions;
using Metrics.Configuration;
using Metrics.Hosting;
using Metrics.Text;

namespace Metrics.Tests.Configuration;

/// <summary>What the manual says of the keys of others is so: each is tried.</summary>
public sealed partial class CompatibilityTests
{
    [Fact]
    public void Each_key_of_others_is_taken_or_refused_as_the_manual_says()
    {
        string manual = File.ReadAllText(Path.Combine(Cases.Repository, "docs", "compatibility.md"));
        var wrong = new List<string>();
        int tried = 0;
        foreach (string section in manual.Split("\n## ").Skip(1))
        {
            string frame = Frame().Match(section).Groups[1].Value;
            foreach (Match row in Row().Matches(section))
            {
                (string key, string here, string value) = (row.Groups[1].Value, row.Groups[2].Value, row.Groups[3].Value);
                string said = Said(frame.Replace("KEY", key, StringComparison.Ordinal).Replace("VALUE", value, StringComparison.Ordinal));
                bool isRight = here.Split(':')[0] switch
                {
                    "yes" => said.Length == 0,
                    "no" => Regex.IsMatch(said, $@"\b{key}\b (is|and|cannot)"),
                    _ => false,
                };
                tried++;
                if (!isRight)
                    wrong.Add($"{section.Split('\n')[0]}: {key} is said to be '{here}', and {(said.Length == 0 ? "is taken" : said)}");
            }
        }
        wrong.Should().BeEmpty();
        tried.Should().BeGreaterThan(250);
    }

    private static string Said(string yaml)
    {
        try
        {
            MetricsOptions.Parse(yaml);
            return "";
        }
        catch (ConfigurationException e)
        {
            return string.Join("; ", e.Problems.Select(p => p.ToString()));
        }
    }

    [GeneratedRegex(@"```text\n(.*?)\n```", RegexOptions.Singleline)]
    private static partial Regex Frame();

    [GeneratedRegex(@"^\| `(.+?)` \| (.+?) \| `(.+)` \|$", RegexOptions.Multiline)]
    private static partial Regex Row();
}
