using System.Text;
using Metrics.Formats.Logs.Audit;
using Metrics.Model;

namespace Metrics.Rules.Sigma;

/// <summary>
/// An event as Sigma's rules look at it. One object is used for event after event: what costs something is made when it is first asked for.
/// </summary>
internal sealed class SigmaEvent
{
    private readonly AuditRecords _records = new();
    private readonly List<(string Field, string? Value)> _asked = [];
    private EventBatch _batch = null!;
    private int _row;
    private string? _body;
    private string? _text;
    private bool _hasRecords;

    /// <summary>Its kind.</summary>
    public string Kind { get; private set; } = "";

    /// <summary>Who has understood it; empty is nobody.</summary>
    public string Dataset { get; private set; } = "";

    /// <summary>The service that reports it; empty is unknown.</summary>
    public string Service { get; private set; } = "";

    /// <summary>Which record of an audit event is looked at; negative is none.</summary>
    public int Record { get; set; } = -1;

    /// <summary>How many records an audit event has.</summary>
    public int RecordCount => Records.Count;

    /// <summary>The text in which keywords are looked for: of an audit event also the command, which it holds in hexadecimal.</summary>
    public string Text => _text ??= Field(EventFields.CommandLine) is { } command && !Body.Contains(command, StringComparison.Ordinal)
        ? $"{Body}\n{command}" : Body;

    private string Body => _body ??= Encoding.UTF8.GetString(_batch.BodyOf(_row));

    private AuditRecords Records
    {
        get
        {
            if (!_hasRecords)
                _records.Read(_batch.MessageOf(_row), Field(EventFields.Action)?.ToUpperInvariant() ?? "");
            _hasRecords = true;
            return _records;
        }
    }

    /// <summary>Looks at an event.</summary>
    public void Take(EventBatch batch, int row)
    {
        (_batch, _row) = (batch, row);
        _asked.Clear();
        (_body, _text, _hasRecords, Record) = (null, null, false, -1);
        Kind = batch.Kinds[row];
        Dataset = batch.Find(row, EventFields.Dataset) ?? "";
        Service = batch.Find(row, EventFields.Service) ?? "";
    }

    /// <summary>A field of the event by its full name; null where it has none. Rules ask for few, again and again.</summary>
    public string? Field(string name)
    {
        if (name == EventFields.Body)
            return Body;
        foreach ((string known, string? value) in _asked)
        {
            if (ReferenceEquals(known, name))
                return value;
        }
        string? read = _batch.Value(_row, name);
        _asked.Add((name, read));
        return read;
    }

    /// <summary>Whether the event has a field.</summary>
    public bool Has(string name) => _batch.TryFind(_row, name, out _);

    /// <summary>The type of the audit record that is looked at.</summary>
    public string RecordType => Records.TypeOf(Record);

    /// <summary>A value of the audit record that is looked at.</summary>
    public string? OfRecord(string key) => Records.Find(_batch.MessageOf(_row), Record, key);

    /// <summary>A value of the audit record that is looked at, or of another of the same event where that has none.</summary>
    public string? OfRecords(string key) => OfRecord(key) ?? Records.FindAnywhere(_batch.MessageOf(_row), key);
}
