using Metrics.Query.Engine;
using Metrics.Series;

namespace Metrics.Rules;

/// <summary>What a round of evaluation is about: one moment, the same for all rules of a group.</summary>
/// <param name="Source">Where the series are.</param>
/// <param name="Engine">Evaluates expressions.</param>
/// <param name="At">The moment, milliseconds since 1970 UTC.</param>
/// <param name="ListeningSince">Since when this process has been taking samples: what came before cannot count as absence.</param>
public sealed record RuleContext(ISeriesSource Source, QueryEngine Engine, long At, long ListeningSince = 0);
