using Metrics.Model;

namespace Metrics.Formats.PrometheusText;

/// <summary>
/// OpenMetrics 1.0 across lines: families stand together and clash with none, metadata comes first and once, each type has its own
/// suffixes, labels and values, the metrics of a family are not interleaved, times do not go back, and histograms add up.
/// </summary>
internal sealed class OpenMetricsRules : IFamilyRules
{
    private const int MaxExemplarRunes = 128;

    private readonly HashSet<string> _names = [];
    private readonly HashSet<LineKind> _told = [];
    private readonly HashSet<string> _groups = [];
    private string? _family;
    private MetricType _type;
    private string _unit = "";
    private bool _hasSamples;
    private string? _group;
    private long? _groupTime;
    private bool _groupHasTime;
    private HistogramTally _tally = new();

    public string? Describe(MetadataLine told)
    {
        if (told.Name != _family)
        {
            if (EndFamily() is { } problem)
                return problem;
            Begin(told.Name);
        }
        else if (_hasSamples)
        {
            return $"metadata of {told.Name} after its samples";
        }
        if (!_told.Add(told.Kind))
            return $"more than one {told.Kind.ToString().ToUpperInvariant()} for {told.Name}";
        if (told.Kind == LineKind.Type)
            MetadataLine.TryReadType(told.Text, ExpositionFormat.OpenMetrics, out _type);
        else if (told.Kind == LineKind.Unit)
            _unit = told.Text;
        return null;
    }

    public string? Add(List<Label> labels, SampleValue sample, List<Label>? exemplar)
    {
        string name = labels[0].Value;
        if (_family is null || !Suffixes(_type).Contains(SuffixOf(name)))
        {
            if (EndFamily() is { } problem)
                return problem;
            Begin(name);
        }
        _hasSamples = true;
        string suffix = SuffixOf(name) ?? "";
        return CheckLabels(suffix, labels) ?? CheckValue(suffix, labels, sample.Value) ?? CheckExemplar(suffix, exemplar)
            ?? CheckGroup(labels, sample) ?? Tally(suffix, labels, sample.Value);
    }

    public string? End()
    {
        string? problem = EndFamily();
        _family = null;
        return problem;
    }

    private void Begin(string family)
    {
        (_family, _type, _unit, _hasSamples, _group, _tally) = (family, MetricType.Unknown, "", false, null, new HistogramTally());
        _told.Clear();
        _groups.Clear();
    }

    private string? EndFamily()
    {
        if (_family is null)
            return null;
        if (EndGroup() is { } problem)
            return problem;
        if (_unit.Length > 0 && !_family.EndsWith("_" + _unit, StringComparison.Ordinal))
            return $"the name {_family} does not end in its unit {_unit}";
        if (_unit.Length > 0 && _type is MetricType.Info or MetricType.StateSet && _unit.Length > 0)
            return $"{_family} is of a type that has no unit";
        foreach (string suffix in Suffixes(_type).Append("").Distinct())
        {
            if (!_names.Add(_family + suffix))
                return $"the name {_family + suffix} clashes with another family";
        }
        return null;
    }

    private string? SuffixOf(string name) =>
        _family is not null && name.StartsWith(_family, StringComparison.Ordinal) ? name[_family.Length..] : null;

    private static string[] Suffixes(MetricType type) => type switch
    {
        MetricType.Counter => ["_total", "_created"],
        MetricType.Summary => ["", "_sum", "_count", "_created"],
        MetricType.Histogram => ["_bucket", "_sum", "_count", "_created"],
        MetricType.GaugeHistogram => ["_bucket", "_gsum", "_gcount"],
        MetricType.Info => ["_info"],
        _ => [""],
    };

    private string? CheckLabels(string suffix, List<Label> labels)
    {
        if (_type == MetricType.StateSet && Value(labels, _family!) is null)
            return $"a sample of the stateset {_family} lacks the label {_family}";
        if (suffix == "_bucket" && !IsCanonical(Value(labels, "le"), out _))
            return "a bucket needs the label le with a canonical number, such as 1.0 or +Inf";
        if (_type == MetricType.Summary
            && suffix.Length == 0
            && (!IsCanonical(Value(labels, "quantile"), out double quantile) || quantile is < 0 or > 1))
            return "a quantile needs the label quantile with a number from 0 to 1";
        return null;
    }

    private string? CheckValue(string suffix, List<Label> labels, double value)
    {
        bool counts = suffix is "_total" or "_sum" or "_count" or "_bucket" or "_gcount";
        bool isQuantile = _type == MetricType.Summary && suffix.Length == 0;
        if ((counts || suffix == "_gsum") && double.IsNaN(value))
            return "a counting sample cannot be NaN";
        if ((counts || isQuantile) && value < 0)
            return "a counting sample cannot be negative";
        if (suffix is "_bucket" or "_count" or "_gcount" && value != Math.Floor(value))
            return "a count must be a whole number";
        if (_type == MetricType.Info && value != 1)
            return "an info sample has the value 1";
        return _type == MetricType.StateSet && value is not (0 or 1) ? "a stateset sample is 0 or 1" : null;
    }

    private string? CheckExemplar(string suffix, List<Label>? exemplar)
    {
        if (exemplar is null)
            return null;
        if (suffix != "_bucket" && !(suffix == "_total" && _type == MetricType.Counter))
            return "only buckets and counters have exemplars";
        int runes = exemplar.Sum(l => l.Name.EnumerateRunes().Count() + l.Value.EnumerateRunes().Count());
        return runes > MaxExemplarRunes ? $"the exemplar's labels are longer than {MaxExemplarRunes} characters" : null;
    }

    private string? CheckGroup(List<Label> labels, SampleValue sample)
    {
        string group =
            string.Join('\u0001',
                labels.Skip(1).Where(l => !IsWithinGroup(l.Name)).OrderBy(l => l.Name, StringComparer.Ordinal)
                .Select(l => $"{l.Name}\u0002{l.Value}"));
        if (group != _group)
        {
            if (EndGroup() is { } problem)
                return problem;
            if (!_groups.Add(group))
                return $"the metrics of {_family} are interleaved";
            (_group, _groupTime, _groupHasTime, _tally) =
                (group, sample.HasTime ? sample.Time : null, sample.HasTime, new HistogramTally());
            return null;
        }
        if (sample.HasTime != _groupHasTime)
            return "some samples of one metric have a timestamp and some have not";
        if (sample.HasTime && sample.Time < _groupTime)
            return "timestamps go backwards within one metric";
        _groupTime = sample.HasTime ? sample.Time : null;
        return null;
    }

    private bool IsWithinGroup(string label) =>
        (label == "le" && _type is MetricType.Histogram or MetricType.GaugeHistogram)
            || (label == "quantile" && _type == MetricType.Summary)
        || (_type == MetricType.StateSet && label == _family);

    private string? Tally(string suffix, List<Label> labels, double value)
    {
        if (_type is not (MetricType.Histogram or MetricType.GaugeHistogram))
            return null;
        IsCanonical(Value(labels, "le"), out double bound);
        return _tally.Add(suffix, bound, value);
    }

    private string? EndGroup() =>
        _group is not null && _type is MetricType.Histogram or MetricType.GaugeHistogram && _hasSamples ? _tally.End() : null;

    private static string? Value(List<Label> labels, string name) =>
        labels.Skip(1).FirstOrDefault(l => l.Name == name) is { Name: not null } label ? label.Value : null;

    private static bool IsCanonical(string? text, out double number)
    {
        number = 0;
        return text is not null && FloatText.TryParse(System.Text.Encoding.UTF8.GetBytes(text), out number) && !double.IsNaN(number)
            && (!double.IsPositiveInfinity(number) || text == "+Inf");
    }

    /// <summary>The sums of one histogram.</summary>
    private sealed class HistogramTally
    {
        private double _bound = double.NegativeInfinity;
        private double _bucket;
        private double? _count;
        private bool _hasSum;
        private bool _hasGaugeSum;
        private bool _negativeBuckets;
        private bool _negativeGaugeSum;

        public string? Add(string suffix, double bound, double value)
        {
            switch (suffix)
            {
                case "_bucket":
                    if (bound <= _bound)
                        return "the buckets are not in order";
                    if (value < _bucket)
                        return "the buckets do not grow";
                    _negativeBuckets |= bound < 0;
                    (_bound, _bucket) = (bound, value);
                    break;
                case "_count" or "_gcount":
                    _count = value;
                    break;
                case "_sum":
                    _hasSum = true;
                    break;
                case "_gsum":
                    _hasGaugeSum = true;
                    _negativeGaugeSum = value < 0;
                    break;
            }
            return null;
        }

        public string? End()
        {
            if (!double.IsPositiveInfinity(_bound))
                return "the bucket +Inf is missing";
            if (_count is { } count && count != _bucket)
                return "the count differs from the bucket +Inf";
            if ((_hasSum || _hasGaugeSum) && _count is null)
                return "a sum needs a count beside it";
            if (_count is not null && !_hasSum && !_hasGaugeSum)
                return "a count needs a sum beside it";
            if (_negativeBuckets && _hasSum)
                return "a histogram with negative buckets has no sum";
            return !_negativeBuckets && _negativeGaugeSum ? "the sum is negative though no bucket is" : null;
        }
    }
}
