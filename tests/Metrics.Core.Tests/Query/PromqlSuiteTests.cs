namespace Metrics.Tests.Query;

/// <summary>Prometheus's own test scripts: those of ours beside this file, and those in the extra folder.</summary>
public sealed class PromqlSuiteTests(ITestOutputHelper output)
{
    public static TheoryData<string> Scripts() =>
        [.. Directory.EnumerateFiles(Cases.Own(""), "*.test").Order(StringComparer.Ordinal),
            .. Cases.Extra("rules", "promqltest", "*.test")];

    [Theory]
    [MemberData(nameof(Scripts))]
    public void Every_case_without_native_histograms_passes(string file)
    {
        PromqlScript script = PromqlScript.Run(file);
        output.WriteLine($"{Path.GetFileName(file)}: {script.Passed} passed, {script.Failed.Count} failed, {script.LeftOut.Count} left "
            + $"out");
        foreach (string name in script.LeftOut)
            output.WriteLine($"left out (native histograms): {name}");
        script.Failed.Should().BeEmpty();
        (script.Passed + script.LeftOut.Count).Should().BePositive("a script without cases proves nothing");
    }
}
