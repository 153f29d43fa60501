using Metrics.Model;
using Metrics.Text;

namespace Metrics.Inputs.Logs;

/// <summary>Fields that an operator gives to all events of an input. Equal to another with the same.</summary>
internal sealed class LogLabels : IEquatable<LogLabels>
{
    private const string Prefix = "labels.";

    private readonly EventField[] _fields;

    private LogLabels(EventField[] fields) => _fields = fields;

    /// <summary>The fields.</summary>
    public IReadOnlyList<EventField> Fields => _fields;

    /// <summary>Reads <c>labels</c>.</summary>
    public static LogLabels Read(YamlSection section) =>
        new([.. section.Map("labels").Select(l => new EventField(Prefix + l.Key, l.Value))]);

    /// <inheritdoc />
    public bool Equals(LogLabels? other) => other is not null && _fields.AsSpan().SequenceEqual(other._fields);

    /// <inheritdoc />
    public override bool Equals(object? obj) => Equals(obj as LogLabels);

    /// <inheritdoc />
    public override int GetHashCode() => _fields.Length == 0 ? 0 : HashCode.Combine(_fields.Length, _fields[0]);
}
