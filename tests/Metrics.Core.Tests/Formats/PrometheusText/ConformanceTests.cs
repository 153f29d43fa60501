using System.Globalization;
using System.Text;
using System.Text.Json;
using Metrics.Formats;
using Metrics.Formats.PrometheusText;
using Metrics.Model;

namespace Metrics.Tests.Formats.PrometheusText;

/// <summary>The parsers against the cases of the projects that define the formats.</summary>
public sealed class ConformanceTests
{
    [Fact]
    public void Own_cases_are_read_as_written_down()
    {
        string[] files = Directory.GetFiles(Cases.Own(""), "*.page");
        files.Should().NotBeEmpty();
        foreach (string file in files)
        {
            var samples = new List<ExpositionPage.Entry>();
            ExpositionFormat format = file.EndsWith(".om.page", StringComparison.Ordinal)
                ? ExpositionFormat.OpenMetrics
                : ExpositionFormat.Text;
            string? fault = ExpositionPage.TryRead(File.ReadAllBytes(file), format, samples, []);
            string actual = fault is not null
                ? $"refused at {fault}\n"
                : string.Concat(samples.Select(s => $"{s.Labels} {FloatText.Format(s.Value)}{(s.Time is { } t ? $" @{t}" : "")}\n"));
            string expected = Path.ChangeExtension(file, ".expected");
            if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
                File.WriteAllText(expected, actual);
            actual.Should().Be(File.ReadAllText(expected), Path.GetFileName(file));
        }
    }

    [Fact]
    public void The_refusals_of_Prometheus_own_parsers_are_ours()
    {
        foreach ((string folder, ExpositionFormat format) in new[]
        {
            ("prom-", ExpositionFormat.Text), ("openmetrics-", ExpositionFormat.OpenMetrics),
        })
        {
            foreach (string file in Cases.Extra("prometheus-text", "prometheus-textparse", "*.json")
                .Where(f => Path.GetFileName(Path.GetDirectoryName(f))!.StartsWith(folder, StringComparison.Ordinal)))
            {
                JsonElement test = JsonDocument.Parse(File.ReadAllText(file)).RootElement;
                byte[] input = test.TryGetProperty("input_hex", out JsonElement hex)
                    ? Convert.FromHexString(hex.GetString()!)
                    : Encoding.UTF8.GetBytes(test.GetProperty("input").GetString()!);
                string expected = test.GetProperty("error").GetString()!;
                string? fault = ExpositionPage.TryRead(input, format, [], []);
                (fault is null).Should().Be(expected is "" or "EOF", $"{file}: Prometheus says '{expected}', we say '{fault}'");
            }
        }
    }

    [Fact]
    public void The_long_pages_of_Prometheus_give_its_samples()
    {
        foreach (string file in Cases.Extra("prometheus-text", "prometheus-textparse", "*-entries.json"))
        {
            string page = file.Replace("-entries.json", ".txt", StringComparison.Ordinal);
            ExpositionFormat format = Path.GetFileName(file).StartsWith("openmetrics", StringComparison.Ordinal)
                ? ExpositionFormat.OpenMetrics
                : ExpositionFormat.Text;
            var samples = new List<ExpositionPage.Entry>();
            ExpositionPage.TryRead(File.ReadAllBytes(page), format, samples, []).Should().BeNull(page);
            List<JsonElement> entries =
                [.. JsonDocument.Parse(File.ReadAllText(file)).RootElement.GetProperty("entries").EnumerateArray()
                    .Where(e => e.TryGetProperty("lset", out _))];
            // Its parser folds _created lines into the samples they belong to.
            List<string> created =
                [.. entries.Select(e => e.GetProperty("lset").GetProperty("__name__").GetString()!)
                    .Where(n => n.EndsWith("_created", StringComparison.Ordinal))];
            samples.RemoveAll(s => s.Labels.Name.EndsWith("_created", StringComparison.Ordinal) && !created.Remove(s.Labels.Name));
            samples.Select(s => s.Labels.Name).Should()
                .Equal(entries.Select(e => e.GetProperty("lset").GetProperty("__name__").GetString()), page);
            for (int i = 0; i < entries.Count; i++)
            {
                // Prometheus 3 writes le and quantile as canonical floats while reading; we keep them as sent.
                Dictionary<string, string> ours = samples[i].Labels.ToDictionary(l => l.Name, l => Canonical(l.Name, l.Value));
                Dictionary<string, string> theirs = entries[i].GetProperty("lset").EnumerateObject().Where(p => p.Value.GetString() != "")
                    .ToDictionary(p => p.Name, p => Canonical(p.Name, p.Value.GetString()!));
                ours.Should().Equal(theirs, $"{page} entry {i}");
                if (entries[i].TryGetProperty("v", out JsonElement v) && v.ValueKind == JsonValueKind.Number)
                    samples[i].Value.Should().Be(entries[i].GetProperty("v").GetDouble(), $"{page} entry {i}");
                if (entries[i].TryGetProperty("t", out JsonElement time))
                    samples[i].Time.Should()
                        .Be((time.ValueKind == JsonValueKind.Object ? time.GetProperty("args")[0] : time).GetInt64(), $"{page} entry {i}");
            }
        }
    }

    [Fact]
    public void The_OpenMetrics_suite_is_told_right_from_wrong()
    {
        var wrong = new List<string>();
        foreach (string file in Cases.Extra("prometheus-text", "openmetrics-suite", "test.json"))
        {
            bool should = JsonDocument.Parse(File.ReadAllText(file)).RootElement.GetProperty("shouldParse").GetBoolean();
            string folder = Path.GetDirectoryName(file)!;
            List<string> problems =
                ExpositionValidator.Validate(File.ReadAllBytes(Path.Combine(folder, "metrics")), ExpositionFormat.OpenMetrics);
            if (should != (problems.Count == 0))
                wrong.Add($"{Path.GetFileName(folder)}: {string.Join(';', problems)}");
        }
        string.Join("\n", wrong).Should().BeEmpty();
    }

    [Fact]
    public void The_cases_of_the_Python_client_are_read_the_same()
    {
        var wrong = new List<string>();
        foreach (string file in Cases.Extra("prometheus-text", "client_python", "*.json"))
        {
            JsonElement test = JsonDocument.Parse(File.ReadAllText(file)).RootElement;
            ExpositionFormat format = test.GetProperty("format").GetString() == "openmetrics"
                ? ExpositionFormat.OpenMetrics
                : ExpositionFormat.Text;
            string input = test.GetProperty("input").GetString()!;
            // Native histograms in text are an extension of that library which no format defines.
            if (test.GetProperty("test").GetString()!.Contains("native_histogram", StringComparison.Ordinal))
                continue;
            if (test.TryGetProperty("refused", out JsonElement refusal))
            {
                if (ExpositionValidator.Validate(Encoding.UTF8.GetBytes(input), format).Count == 0)
                    wrong.Add($"{Path.GetFileName(file)}: accepted, though {refusal.GetString()}");
                continue;
            }
            var samples = new List<ExpositionPage.Entry>();
            string? fault = ExpositionPage.TryRead(input, format, samples);
            if (fault is not null)
                wrong.Add($"{Path.GetFileName(file)}: refused at {fault}");
            else if (Compare(samples, test.GetProperty("families")) is { } difference)
                wrong.Add($"{Path.GetFileName(file)}: {difference}");
        }
        string.Join("\n", wrong).Should().BeEmpty();
    }

    [Fact]
    public void The_cases_of_the_Go_library_are_told_right_from_wrong()
    {
        var wrong = new List<string>();
        foreach (string file in Cases.Extra("prometheus-text", "prometheus-common", "*.txt"))
        {
            string name = Path.GetFileNameWithoutExtension(file);
            byte[] page = File.ReadAllBytes(file);
            string expectedFile = Path.ChangeExtension(file, ".expected.json");
            if (!File.Exists(expectedFile))
                continue;
            JsonElement expected = JsonDocument.Parse(File.ReadAllText(expectedFile)).RootElement;
            if (name.StartsWith("bad", StringComparison.Ordinal))
            {
                bool accepted = expected.GetProperty("error_prefix_when_utf8_names_allowed").ValueKind == JsonValueKind.Null;
                if (accepted != (ExpositionValidator.Validate(page, ExpositionFormat.Text).Count == 0))
                    wrong.Add($"{name}: {expected}");
            }
            else if (ExpositionPage.TryRead(page, ExpositionFormat.Text, [], []) is { } fault)
            {
                wrong.Add($"{name}: refused at {fault}");
            }
        }
        string.Join("\n", wrong).Should().BeEmpty();
    }

    [Fact]
    public void Pages_of_node_exporter_give_every_value()
    {
        foreach (string file in Cases.Extra("prometheus-text", "node_exporter", "*.decoded.json")
            .Concat(Cases.Extra("prometheus-text", "prometheus-common", "*.decoded.json")))
        {
            string page = file.Replace(".decoded.json", "", StringComparison.Ordinal);
            page = File.Exists(page) ? page : page + ".txt";
            var samples = new List<ExpositionPage.Entry>();
            ExpositionPage.TryRead(File.ReadAllBytes(page), ExpositionFormat.Text, samples, []).Should().BeNull(page);
            Compare(samples, JsonDocument.Parse(File.ReadAllText(file)).RootElement).Should().BeNull(page);
        }
    }

    private static string? Compare(List<ExpositionPage.Entry> ours, JsonElement families)
    {
        var theirs = new List<(string Labels, double Value, double? Seconds)>();
        foreach (JsonElement sample in families.EnumerateArray().SelectMany(f => f.GetProperty("samples").EnumerateArray()))
        {
            IEnumerable<Label> labels = sample[1].EnumerateObject().Select(p => new Label(p.Name, p.Value.GetString()!))
                .Append(new Label(Labels.MetricName, sample[0].GetString()!));
            double? seconds = sample.GetArrayLength() > 3 && sample[3].ValueKind is JsonValueKind.Number ? sample[3].GetDouble() : null;
            theirs.Add((Labels.Of([.. labels]).ToString(), Number(sample[2]), seconds));
        }
        // That library gives _total to every counter of the older format too, and keeps the first of samples with one time.
        ours = [.. ours.DistinctBy(o => (o.Labels, o.Time ?? long.MinValue + ours.IndexOf(o)))];
        // it counts nanoseconds, we milliseconds
        theirs = [.. theirs.DistinctBy(t => (t.Labels, t.Seconds is { } seconds ? Math.Floor(seconds * 1000) : theirs.IndexOf(t) + 0.5))];
        for (int i = 0; i < theirs.Count; i++)
        {
            if (theirs[i].Labels.Contains("_total", StringComparison.Ordinal) && !ours.Exists(o => o.Labels.ToString() == theirs[i].Labels))
                theirs[i] = theirs[i] with { Labels = theirs[i].Labels.Replace("_total", "", StringComparison.Ordinal) };
        }
        if (ours.Count != theirs.Count)
            return $"{ours.Count} samples, not {theirs.Count}";
        var sorted = ours.Select(o => (Labels: o.Labels.ToString(), o.Value, Seconds: o.Time / 1000.0))
            .OrderBy(o => o.Labels, StringComparer.Ordinal).ToList();
        theirs = [.. theirs.OrderBy(t => t.Labels, StringComparer.Ordinal)];
        for (int i = 0; i < sorted.Count; i++)
        {
            bool sameTime = sorted[i].Seconds is null == theirs[i].Seconds is null
                && Math.Abs((sorted[i].Seconds ?? 0) - (theirs[i].Seconds ?? 0)) < 0.002;
            if (sorted[i].Labels != theirs[i].Labels || !sorted[i].Value.Equals(theirs[i].Value) || !sameTime)
                return $"{sorted[i]}, not {theirs[i]}";
        }
        return null;
    }

    private static double Number(JsonElement value) => value.ValueKind == JsonValueKind.Number
        ? value.GetDouble()
        : value.GetString() switch { "NaN" => double.NaN, "+Inf" => double.PositiveInfinity, "-Inf" => double.NegativeInfinity,
            var s => double.Parse(s!, CultureInfo.InvariantCulture) };

    private static string Canonical(string name, string value) =>
        name is "le" or "quantile" && FloatText.TryParse(Encoding.UTF8.GetBytes(value), out double number)
        ? FloatText.Format(number)
        : value;
}
