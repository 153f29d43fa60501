using Metrics.Model;
using Scriban;
using Scriban.Parsing;
using Scriban.Runtime;

namespace Metrics.Rules.Templates;

/// <summary>The baseline as a template sees it; the store is asked only when one of its members is.</summary>
internal sealed class BaselineObject(Func<Baseline> baseline) : ScriptObject
{
    public override bool TryGetValue(TemplateContext? context, SourceSpan span, string member, out object? value)
    {
        Baseline known = baseline();
        value = member switch
        {
            "mean" => known.Mean,
            "deviation" => known.Deviation,
            "count" => known.Values.Count,
            "quantile" => DelegateCustomFunction.CreateFunc<double, double>(known.Quantile),
            _ => null,
        };
        return value is not null;
    }
}

/// <summary>Events as a template sees them.</summary>
internal static class TemplateObjects
{
    /// <summary>
    /// A list of objects with <c>id</c>, <c>time</c>, <c>kind</c>, <c>severity_number</c>, <c>body</c> and <c>fields</c>.
    /// </summary>
    public static ScriptArray Of(IReadOnlyList<Event> events)
    {
        var all = new ScriptArray();
        foreach (Event one in events)
        {
            var seen = new ScriptObject();
            seen.SetValue("id", one.Id, readOnly: true);
            seen.SetValue("time", DateTimeOffset.FromUnixTimeMilliseconds(one.Time / 1_000_000).UtcDateTime, readOnly: true);
            seen.SetValue("kind", one.Kind, readOnly: true);
            seen.SetValue("severity_number", (int)one.SeverityNumber, readOnly: true);
            seen.SetValue("body", one.Body, readOnly: true);
            seen.SetValue("fields", new FieldsObject(one), readOnly: true);
            all.Add(seen);
        }
        return all;
    }

    /// <summary>Fields of an event, under their full names or as labels are written: <c>fields.user_name</c>.</summary>
    private sealed class FieldsObject(Event one) : ReadOnlyNames
    {
        public override int Count => one.Fields.Count;

        public override IEnumerable<string> GetMembers() => one.Fields.Select(f => f.Name);

        protected override string Get(string member) => one[member] ?? one[EventFields.FullName(member)] ?? "";
    }
}

/// <summary>Labels as a template sees them.</summary>
internal sealed class LabelsObject : ReadOnlyNames
{
    /// <summary>The labels that are seen now.</summary>
    public Labels Values { get; set; } = Labels.Empty;

    public override int Count => Values.Count;

    public override IEnumerable<string> GetMembers() => Values.Select(l => l.Name);

    protected override string Get(string member) => Values[member];

    public override string ToString() => Values.ToString();
}

/// <summary>Names and texts as a template sees them: any name may be asked for, and one that is not there is empty.</summary>
internal abstract class ReadOnlyNames : IScriptObject
{
    public abstract int Count { get; }

    public bool IsReadOnly { get => true; set { } }

    public abstract IEnumerable<string> GetMembers();

    public bool Contains(string member) => true;

    public bool TryGetValue(TemplateContext? context, SourceSpan span, string member, out object? value)
    {
        value = Get(member);
        return true;
    }

    protected abstract string Get(string member);

    public bool CanWrite(string member) => false;

    public bool TrySetValue(TemplateContext? context, SourceSpan span, string member, object? value, bool readOnly) => false;

    public bool Remove(string member) => false;

    public void SetReadOnly(string member, bool readOnly)
    {
    }

    public IScriptObject Clone(bool deep) => this;
}
