namespace Metrics.Series;

/// <summary>What takes the room in a head.</summary>
/// <param name="Series">Series.</param>
/// <param name="LabelPairs">Different pairs of label name and value.</param>
/// <param name="Chunks">Chunks of samples.</param>
/// <param name="MinTime">Oldest sample, milliseconds since 1970 UTC; 0 without any.</param>
/// <param name="MaxTime">Newest sample.</param>
/// <param name="SeriesByMetric">Metrics with the most series.</param>
/// <param name="ValuesByLabel">Labels with the most values.</param>
/// <param name="BytesByLabel">Labels whose values take the most bytes.</param>
/// <param name="SeriesByPair">Pairs that the most series have.</param>
public sealed record HeadStatistics(
    int Series, int LabelPairs, int Chunks, long MinTime, long MaxTime,
    IReadOnlyList<KeyValuePair<string, long>> SeriesByMetric, IReadOnlyList<KeyValuePair<string, long>> ValuesByLabel,
    IReadOnlyList<KeyValuePair<string, long>> BytesByLabel, IReadOnlyList<KeyValuePair<string, long>> SeriesByPair);
