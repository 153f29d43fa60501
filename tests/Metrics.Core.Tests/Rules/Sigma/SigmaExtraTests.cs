using Metrics.Rules.Sigma;
using Metrics.Testing;

namespace Metrics.Tests.Rules.Sigma;

/// <summary>The rules that people run, where there are some (METRICS_EXTRA_CASES): none is broken, and most are loaded.</summary>
public sealed class SigmaExtraTests(ITestOutputHelper output)
{
    [Fact]
    public void Rules_of_others_are_loaded_or_named_with_the_reason()
    {
        var rules = new SigmaRules();
        foreach (string file in Cases.Extra("security", "sigma", "*.yml"))
            rules.Read(File.ReadAllText(file), Path.GetFileName(file));
        SigmaLoad load = rules.Make();
        foreach (var logs in load.Rules.GroupBy(r => r.Logsource).OrderBy(l => l.Key, StringComparer.Ordinal))
            output.WriteLine($"{logs.Key}: {logs.Count(r => r.IsLoaded)} of {logs.Count()}");
        foreach (SigmaOutcome away in load.Rules.Where(r => !r.IsLoaded))
            output.WriteLine($"{away.Location} {away.Reason}: {string.Join("; ", away.Faults.Select(f => f.Message).Distinct())}");
        load.Broken.Should().BeEmpty();
        load.Rules.Count(r => r.IsLoaded).Should().BeGreaterThanOrEqualTo(load.Rules.Count * 3 / 4);
    }
}
