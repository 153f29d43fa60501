namespace Metrics.Formats.PrometheusText;

/// <summary>The two text formats in which a target answers a scrape.</summary>
public enum ExpositionFormat
{
    /// <summary>Prometheus text 0.0.4: blanks are free, timestamps are integer milliseconds.</summary>
    Text,

    /// <summary>OpenMetrics 1.0: one space between tokens, timestamps are seconds, ends with <c># EOF</c>.</summary>
    OpenMetrics,
}

/// <summary>What a line of an exposition is.</summary>
public enum LineKind
{
    /// <summary>Nothing but blanks (text format only).</summary>
    Blank,

    /// <summary>A comment without meaning (text format only).</summary>
    Comment,

    /// <summary><c># HELP name text</c></summary>
    Help,

    /// <summary><c># TYPE name type</c></summary>
    Type,

    /// <summary><c># UNIT name unit</c> (OpenMetrics only; a comment in the text format)</summary>
    Unit,

    /// <summary><c># EOF</c> (OpenMetrics only; a comment in the text format)</summary>
    Eof,

    /// <summary>A sample: series, value, maybe a timestamp and an exemplar.</summary>
    Sample,
}
