using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using Metrics.Model;

namespace Metrics.Series;

/// <summary>
/// Up to <see cref="Capacity"/> samples of one series in a few bytes each: delta-of-delta times, XOR-ed values. One thread appends;
/// any number may read what was there when they took their <see cref="XorReader"/>.
/// </summary>
/// <remarks>
/// Gorilla (Pelkonen et al., VLDB 2015, https://www.vldb.org/pvldb/vol8/p1816-teller.pdf), with the bit sizes of
/// https://github.com/prometheus/prometheus/blob/main/tsdb/docs/format/chunks.md for millisecond times:
/// <code>
/// first sample  64 bits time · 64 bits value
/// time          0                      same step as before
///               10  + 14 bits          step differs by -8191 … 8192
///               110 + 17 bits          … -65535 … 65536
///               1110 + 20 bits         … -524287 … 524288
///               1111 + 64 bits         anything else
/// value         0                      same bits as before
///               10 + meaningful bits   within the zeros of the value before
///               11 + 5 bits leading zeros + 6 bits length + meaningful bits
/// </code>
/// </remarks>
public sealed class XorChunk
{
    /// <summary>Samples after which a new chunk is begun.</summary>
    public const int Capacity = 120;

    /// <summary>Spare bytes behind the last one written, so that a word can be read and written anywhere.</summary>
    private const int Slack = 8;

    /// <summary>What one sample takes: many series of a monitor have only a few in the window.</summary>
    private const int FirstSize = 16;

    private byte[] _bytes = new byte[FirstSize + Slack];
    private long _step;
    private ulong _lastValue;
    private int _bits;
    private byte _leading = byte.MaxValue;
    private byte _trailing;
    private byte _count;

    /// <summary>Samples in it.</summary>
    public int Count => _count;

    /// <summary>Time of the first sample, milliseconds.</summary>
    public long FirstTime => BinaryPrimitives.ReadInt64BigEndian(_bytes);

    /// <summary>Time of the last sample, milliseconds.</summary>
    public long LastTime { get; private set; }

    /// <summary>Value of the last sample.</summary>
    public double LastValue => BitConverter.UInt64BitsToDouble(_lastValue);

    /// <summary>Bytes that the samples take.</summary>
    public int Size => (_bits + 7) / 8;

    /// <summary>Adds a sample.</summary>
    /// <param name="time">Must not be before <see cref="LastTime"/>.</param>
    /// <param name="value">Any bits, stale markers included.</param>
    /// <returns>False when the chunk is full; begin another.</returns>
    public bool TryAppend(long time, double value)
    {
        if (_count == Capacity)
            return false;
        ulong bits = BitConverter.DoubleToUInt64Bits(value);
        if (_count == 0)
        {
            Write((ulong)time, 64);
            Write(bits, 64);
        }
        else
        {
            WriteTime(time);
            WriteValue(bits);
        }
        LastTime = time;
        _lastValue = bits;
        Volatile.Write(ref _count, (byte)(_count + 1));
        return true;
    }

    /// <summary>A reader over the samples that are in it now.</summary>
    public XorReader Read()
    {
        // The count first: the bytes taken after it hold at least that many samples.
        int count = Volatile.Read(ref _count);
        return new XorReader(Volatile.Read(ref _bytes), count);
    }

    /// <summary>Gives back what was reserved and is not needed once nothing more is appended.</summary>
    public void Seal()
    {
        if (_bytes.Length > Size + Slack)
            Array.Resize(ref _bytes, Size + Slack);
    }

    private void WriteTime(long time)
    {
        long step = time - LastTime;
        long change = step - _step;
        _step = step;
        if (change == 0)
        {
            Write(0, 1);
        }
        else if (change is >= -8191 and <= 8192)
        {
            Write((0b10UL << 14) | ((ulong)change & 0x3fff), 16);
        }
        else if (change is >= -65535 and <= 65536)
        {
            Write((0b110UL << 17) | ((ulong)change & 0x1ffff), 20);
        }
        else if (change is >= -524287 and <= 524288)
        {
            Write((0b1110UL << 20) | ((ulong)change & 0xfffff), 24);
        }
        else
        {
            Write(0b1111, 4);
            Write((ulong)change, 64);
        }
    }

    private void WriteValue(ulong value)
    {
        ulong xor = value ^ _lastValue;
        if (xor == 0)
        {
            Write(0, 1);
            return;
        }
        int leading = Math.Min(BitOperations.LeadingZeroCount(xor), 31);
        int trailing = BitOperations.TrailingZeroCount(xor);
        if (_leading != byte.MaxValue && leading >= _leading && trailing >= _trailing)
        {
            Write(0b10, 2);
            Write(xor >> _trailing, 64 - _leading - _trailing);
            return;
        }
        _leading = (byte)leading;
        _trailing = (byte)trailing;
        int length = 64 - leading - trailing;
        // A length of 64 is written as 0: there is no length 0, since xor is not 0.
        Write((0b11UL << 11) | ((ulong)leading << 6) | ((ulong)length & 0x3f), 13);
        Write(xor >> trailing, length);
    }

    private void Write(ulong value, int count)
    {
        if (count > 56)
        {
            Write(value >> 32, count - 32);
            value &= 0xffff_ffff;
            count = 32;
        }
        int size = ((_bits + count) >> 3) + Slack;
        if (_bytes.Length < size)
            Array.Resize(ref _bytes, Math.Max(size, (_bytes.Length * 3 / 2) + 4));
        Span<byte> word = _bytes.AsSpan(_bits >> 3, 8);
        value <<= 64 - count - (_bits & 7);
        BinaryPrimitives.WriteUInt64BigEndian(word, BinaryPrimitives.ReadUInt64BigEndian(word) | value);
        _bits += count;
    }
}

/// <summary>Walks the samples of a chunk, oldest first. A value type: copy it to remember a place.</summary>
public struct XorReader
{
    private readonly byte[] _bytes;
    private readonly int _count;
    private int _read;
    private int _bits;
    private long _time;
    private long _step;
    private ulong _value;
    private int _leading;
    private int _trailing;

    internal XorReader(byte[] bytes, int count)
    {
        _bytes = bytes;
        _count = count;
    }

    /// <summary>The sample that <see cref="MoveNext"/> came to.</summary>
    public readonly Sample Current => new(_time, BitConverter.UInt64BitsToDouble(_value));

    /// <summary>Time of that sample, milliseconds.</summary>
    public readonly long Time => _time;

    /// <summary>Its value.</summary>
    public readonly double Value => BitConverter.UInt64BitsToDouble(_value);

    /// <summary>Goes to the next sample; false behind the last.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool MoveNext()
    {
        if (_read == _count)
            return false;
        if (_read++ == 0)
        {
            _time = (long)Take(64);
            _value = Take(64);
            return true;
        }
        _step += TakeStepChange();
        _time += _step;
        if (Take(1) == 0)
            return true;
        if (Take(1) == 1)
        {
            ulong header = Take(11);
            _leading = (int)(header >> 6);
            int length = (int)(header & 0x3f);
            _trailing = 64 - _leading - (length == 0 ? 64 : length);
        }
        _value ^= Take(64 - _leading - _trailing) << _trailing;
        return true;
    }

    private long TakeStepChange()
    {
        if (Take(1) == 0)
            return 0;
        if (Take(1) == 0)
            return Signed(Take(14), 14);
        if (Take(1) == 0)
            return Signed(Take(17), 17);
        return Take(1) == 0 ? Signed(Take(20), 20) : (long)Take(64);
    }

    /// <summary>The range of n bits is -(2ⁿ⁻¹-1) … 2ⁿ⁻¹.</summary>
    private static long Signed(ulong bits, int size) => bits > 1UL << (size - 1) ? (long)bits - (1L << size) : (long)bits;

    private ulong TakeLong(int count) => (Take(count - 32) << 32) | Take(32);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ulong Take(int count)
    {
        if (count > 56)
            return TakeLong(count);
        ulong word = BinaryPrimitives.ReadUInt64BigEndian(_bytes.AsSpan(_bits >> 3, 8));
        word = word << (_bits & 7) >> (64 - count);
        _bits += count;
        return word;
    }
}
