using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace Metrics.Model;

/// <summary>
/// Events on their way, as columns in arrays from a pool: the second thing that flows beside <see cref="SampleBatch"/>. Their texts are
/// valid UTF-8, as they come in and are stored. Written by one producer, then handed over; not safe for use by two threads at once. Dispose
/// it once, by whoever holds it last. Outsiders choose what stands in events: whatever is beyond <see cref="EventBounds"/> is cut here,
/// where every input passes, and counted in <see cref="Cuts"/>.
/// </summary>
public sealed partial class EventBatch : IDisposable
{
    private const int BytesPerRow = 64;
    private const int BytesPerField = 16;

    /// <summary>What room is made for at the start, a row, where nothing is known of what comes.</summary>
    private const int FieldsPerRow = 12, BytesPerText = 256;

    private TextBuffer _texts;
    private long[] _ids;
    private long[] _times;
    private long[] _observedTimes;
    private string[] _kinds;
    private byte[] _severities;
    private TextPart[] _bodies;

    /// <summary>Where in the body of a row the message of its program begins.</summary>
    private int[] _messages;

    /// <summary>Where the fields of a row end in <see cref="_fields"/>; they begin where those of the row before end.</summary>
    private int[] _fieldEnds;
    private BatchField[] _fields;
    private int _fieldCount;
    private List<Exception>? _faults;

    /// <param name="source">Who sent it, as limits and counters name it: <c>INPUT/SENDER</c>.</param>
    /// <param name="capacity">Rows to make room for; it grows when needed.</param>
    public EventBatch(string source, int capacity = 64)
        : this(source, new EventBatchSize(capacity, capacity * FieldsPerRow, capacity * BytesPerText))
    {
    }

    /// <param name="source">Who sent it, as limits and counters name it: <c>INPUT/SENDER</c>.</param>
    /// <param name="capacity">What to make room for; it grows when needed.</param>
    public EventBatch(string source, EventBatchSize capacity)
    {
        Source = source;
        _ids = BatchArrays<long>.Rent(capacity.Rows);
        _times = BatchArrays<long>.Rent(capacity.Rows);
        _observedTimes = BatchArrays<long>.Rent(capacity.Rows);
        _kinds = BatchArrays<string>.Rent(capacity.Rows);
        _severities = BatchArrays<byte>.Rent(capacity.Rows);
        _bodies = BatchArrays<TextPart>.Rent(capacity.Rows);
        _messages = BatchArrays<int>.Rent(capacity.Rows);
        _fieldEnds = BatchArrays<int>.Rent(capacity.Rows);
        _fields = BatchArrays<BatchField>.Rent(capacity.Fields);
        _texts = new TextBuffer(capacity.TextBytes, isPooled: true);
    }

    /// <summary>Who sent it.</summary>
    public string Source { get; }

    /// <summary>Whether their sender has pushed them by the API, one by one: what is pushed is meant to be kept.</summary>
    public bool IsPushed { get; init; }

    /// <summary>Whether they come from the event log of a node, which has learned from them already what there is to learn.</summary>
    public bool IsForwarded { get; init; }

    /// <summary>Number of rows.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes that its texts take in memory, and its rows beside them; a measure for bounds, not exact.</summary>
    public long Bytes { get; private set; }

    /// <summary>What room it has used.</summary>
    public EventBatchSize Size => new(Count, _fieldCount, _texts.Length);

    /// <summary>What was cut to keep the bounds.</summary>
    public EventCuts Cuts { get; private set; }

    /// <summary>Faults of ours in reading what became of the rows, which were kept as they came.</summary>
    public IReadOnlyList<Exception> Faults => _faults ?? [];

    /// <summary>Place of each row in the event log; the log writes them, 0 before.</summary>
    public Span<long> Ids => _ids.AsSpan(0, Count);

    /// <summary>When each happened, nanoseconds since 1970 UTC.</summary>
    public ReadOnlySpan<long> Times => _times.AsSpan(0, Count);

    /// <summary>When each came in here, nanoseconds since 1970 UTC.</summary>
    public ReadOnlySpan<long> ObservedTimes => _observedTimes.AsSpan(0, Count);

    /// <summary>When a row happened for us, as <see cref="Event.Moment"/> has it.</summary>
    public long MomentOf(int row) => Event.MomentOf(_times[row], _observedTimes[row]);

    /// <summary>The same in milliseconds.</summary>
    public long MomentMillisecondsOf(int row) => Event.ToMilliseconds(MomentOf(row));

    /// <summary>What each is.</summary>
    public ReadOnlySpan<string> Kinds => _kinds.AsSpan(0, Count);

    /// <summary>Severity of each, 1 to 24; 0 is unknown.</summary>
    public ReadOnlySpan<byte> Severities => _severities.AsSpan(0, Count);

    /// <summary>Text of a row, UTF-8.</summary>
    public ReadOnlySpan<byte> BodyOf(int row) => _texts[_bodies[row]];

    /// <summary>What a program has written of the text of a row, without the header that a log puts before it; UTF-8.</summary>
    public ReadOnlySpan<byte> MessageOf(int row) => BodyOf(row) is var body && _messages[row] < body.Length ? body[_messages[row]..] : body;

    /// <summary>Adds a row without fields; those that <see cref="AddField(string, string?)"/> adds next belong to it.</summary>
    /// <param name="time">When it happened, nanoseconds since 1970 UTC.</param>
    /// <param name="observedTime">When it came in here, nanoseconds since 1970 UTC.</param>
    /// <param name="kind">What it is.</param>
    /// <param name="severity">1 to 24; 0 is unknown.</param>
    /// <param name="body">The text for people.</param>
    public void Add(long time, long observedTime, string kind, byte severity, string body)
    {
        if (body.Length > EventBounds.MaxBodyLength)
        {
            body = EventBounds.Cut(body, EventBounds.MaxBodyLength);
            Cuts = Cuts with { Bodies = Cuts.Bodies + 1 };
        }
        AddRow(time, observedTime, kind, severity, _texts.Add(body));
    }

    /// <inheritdoc cref="Add(long, long, string, byte, string)" />
    /// <param name="time">When it happened, nanoseconds since 1970 UTC.</param>
    /// <param name="observedTime">When it came in here, nanoseconds since 1970 UTC.</param>
    /// <param name="kind">What it is.</param>
    /// <param name="severity">1 to 24; 0 is unknown.</param>
    /// <param name="body">The text for people in UTF-8; bytes that are none become U+FFFD.</param>
    public void Add(long time, long observedTime, string kind, byte severity, ReadOnlySpan<byte> body)
    {
        if (body.Length > EventBounds.MaxBodyLength || !Utf8.IsValid(body))
            Add(time, observedTime, kind, severity, Encoding.UTF8.GetString(body));
        else
            AddRow(time, observedTime, kind, severity, _texts.Add(body));
    }

    /// <summary>Says where in the body of the newest row its message begins (<see cref="MessageOf"/>).</summary>
    public void BeginMessage(int at) => _messages[Count - 1] = at;

    /// <summary>Puts another text in the place of a row's; what is beyond the bound is left out.</summary>
    public void SetBody(int row, string body)
    {
        if (body.Length > EventBounds.MaxBodyLength)
            body = EventBounds.Cut(body, EventBounds.MaxBodyLength);
        TextPart text = _texts.Add(body);
        Bytes += text.Length - _bodies[row].Length;
        _bodies[row] = text;
    }

    /// <summary>Adds a fault.</summary>
    public void Add(Exception fault) => (_faults ??= []).Add(fault);

    /// <summary>Adds an event that is kept elsewhere.</summary>
    public void Add(Event one)
    {
        Add(one.Time, one.ObservedTime, one.Kind, one.SeverityNumber, one.Body);
        _ids[Count - 1] = one.Id;
        foreach (EventField field in one.Fields)
            AddField(field.Name, field.Value);
    }

    /// <summary>Keeps only the rows for which the mask is true, in order; positions, the ledger and what was cut stay.</summary>
    /// <param name="keep">One flag a row; a shorter mask is an error.</param>
    public void Keep(ReadOnlySpan<bool> keep)
    {
        KeepInLedger(keep);
        (int kept, int fields, int start) = (0, 0, 0);
        Bytes = 0;
        for (int row = 0; row < Count; row++)
        {
            int end = _fieldEnds[row];
            if (keep[row])
            {
                Span<BatchField> own = _fields.AsSpan(start, end - start);
                Bytes += BytesOf(row, own);
                own.CopyTo(_fields.AsSpan(fields));
                fields += own.Length;
                Move(row, kept);
                _fieldEnds[kept++] = fields;
            }
            start = end;
        }
        Array.Clear(_kinds, kept, Count - kept);
        Array.Clear(_fields, fields, _fieldCount - fields);
        (Count, _fieldCount) = (kept, fields);
    }

    /// <summary>Takes the newest row out again.</summary>
    public void RemoveNewest()
    {
        int row = Count - 1;
        int start = row == 0 ? 0 : _fieldEnds[row - 1];
        Bytes -= BytesOf(row, BatchFieldsOf(row));
        Array.Clear(_fields, start, _fieldCount - start);
        _kinds[row] = null!;
        _fieldCount = start;
        Count = row;
    }

    /// <summary>
    /// The value of anything that a matcher or a rule may name: an attribute, or <c>kind</c>, <c>severity_number</c>, <c>body</c>.
    /// </summary>
    public string? Value(int row, string field) => field switch
    {
        EventFields.Kind => _kinds[row],
        EventFields.Body => Encoding.UTF8.GetString(BodyOf(row)),
        EventFields.SeverityNumber => _severities[row].ToString(CultureInfo.InvariantCulture),
        _ => Find(row, field),
    };

    /// <summary>A row as an event that may be kept after the batch is gone.</summary>
    public Event ToEvent(int row) => new()
    {
        Id = _ids[row], Time = _times[row], ObservedTime = _observedTimes[row], Kind = _kinds[row], SeverityNumber = _severities[row],
        Body = Encoding.UTF8.GetString(BodyOf(row)), Fields = FieldsOf(row).ToArray(),
    };

    /// <summary>Gives the arrays back; the batch is empty afterwards.</summary>
    public void Dispose()
    {
        if (_times.Length == 0)
            return;
        Array.Clear(_kinds, 0, Count);
        Array.Clear(_fields, 0, _fieldCount);
        Return(ref _ids);
        Return(ref _times);
        Return(ref _observedTimes);
        Return(ref _kinds);
        Return(ref _severities);
        Return(ref _bodies);
        Return(ref _messages);
        Return(ref _fieldEnds);
        Return(ref _fields);
        _texts.Return();
        Count = _fieldCount = 0;
        Bytes = AccountBytes = 0;
    }

    private void AddRow(long time, long observedTime, string kind, byte severity, TextPart body)
    {
        ObjectDisposedException.ThrowIf(_times.Length == 0, this);
        int row = Count;
        GrowFor(row);
        if (!EventBounds.IsSane(time, observedTime))
        {
            time = observedTime;
            Cuts = Cuts with { Times = Cuts.Times + 1 };
        }
        _ids[row] = 0;
        _times[row] = time;
        _observedTimes[row] = observedTime;
        _kinds[row] = kind;
        _severities[row] = severity;
        _bodies[row] = body;
        _messages[row] = 0;
        _fieldEnds[row] = _fieldCount;
        Count = row + 1;
        Bytes += BytesPerRow + body.Length;
    }

    private long BytesOf(int row, ReadOnlySpan<BatchField> fields)
    {
        long bytes = BytesPerRow + _bodies[row].Length;
        foreach (ref readonly BatchField field in fields)
            bytes += BytesPerField + field.Value.Length;
        return bytes;
    }

    /// <summary>Copies all but the fields.</summary>
    private void Move(int row, int to)
    {
        _ids[to] = _ids[row];
        _times[to] = _times[row];
        _observedTimes[to] = _observedTimes[row];
        _kinds[to] = _kinds[row];
        _severities[to] = _severities[row];
        _bodies[to] = _bodies[row];
        _messages[to] = _messages[row];
    }

    private void GrowFor(int row)
    {
        GrowFor(ref _ids, row);
        GrowFor(ref _times, row);
        GrowFor(ref _observedTimes, row);
        GrowFor(ref _kinds, row, clear: true);
        GrowFor(ref _severities, row);
        GrowFor(ref _bodies, row);
        GrowFor(ref _messages, row);
        GrowFor(ref _fieldEnds, row);
    }

    /// <summary>The pool may give longer arrays for some columns than for others.</summary>
    private static void GrowFor<T>(ref T[] column, int row, bool clear = false)
    {
        if (row == column.Length)
            Grow(ref column, row, clear);
    }

    private static void Grow<T>(ref T[] column, int used, bool clear) => Resize(ref column, Math.Max(used * 2, 16), used, clear);

    private static void Resize<T>(ref T[] column, int length, int used, bool clear)
    {
        T[] resized = BatchArrays<T>.Rent(length);
        column.AsSpan(0, used).CopyTo(resized);
        if (clear)
            Array.Clear(column, 0, used);
        BatchArrays<T>.Return(column);
        column = resized;
    }

    private static void Return<T>(ref T[] column)
    {
        BatchArrays<T>.Return(column);
        column = [];
    }
}

/// <summary>How much is in a batch of events, or what room is made for.</summary>
/// <param name="Rows">Events.</param>
/// <param name="Fields">Fields of all of them.</param>
/// <param name="TextBytes">Bytes of all their texts.</param>
public readonly record struct EventBatchSize(int Rows, int Fields, int TextBytes);
