using System.Collections.Frozen;
using System.Globalization;
using System.Net;
using System.Numerics;
using System.Text;
using Orleans.Runtime;

namespace Orleans.Serialization;

/// <summary>The codecs of plain values.</summary>
internal static class PlainCodecs
{
    private static readonly FrozenDictionary<Type, WireCodec> Codecs = All().ToFrozenDictionary(c => c.Type);

    public static WireCodec? TryGet(Type type) => Codecs.GetValueOrDefault(type);

    private static IEnumerable<WireCodec> All() => [.. Integers(), .. Fractions(), .. Times(), .. Texts(), .. Identities()];

    private static IEnumerable<WireCodec> Integers() =>
    [
        Varint(static (w, v) => w.WriteVarint(v ? 1ul : 0), static r => r.ReadVarint() != 0),
        Varint<byte>(static (w, v) => w.WriteVarint(v), static r => checked((byte)r.ReadVarint())),
        Varint<sbyte>(static (w, v) => w.WriteSigned(v), static r => checked((sbyte)r.ReadSigned())),
        Varint<short>(static (w, v) => w.WriteSigned(v), static r => checked((short)r.ReadSigned())),
        Varint<ushort>(static (w, v) => w.WriteVarint(v), static r => checked((ushort)r.ReadVarint())),
        Varint<int>(static (w, v) => w.WriteSigned(v), static r => checked((int)r.ReadSigned())),
        Varint<uint>(static (w, v) => w.WriteVarint(v), static r => checked((uint)r.ReadVarint())),
        Varint<long>(static (w, v) => w.WriteSigned(v), static r => r.ReadSigned()),
        Varint<ulong>(static (w, v) => w.WriteVarint(v), static r => r.ReadVarint()),
        Varint<nint>(static (w, v) => w.WriteSigned(v), static r => checked((nint)r.ReadSigned())),
        Varint<nuint>(static (w, v) => w.WriteVarint(v), static r => checked((nuint)r.ReadVarint())),
        Varint<char>(static (w, v) => w.WriteVarint(v), static r => checked((char)r.ReadVarint())),
        Varint<Rune>(static (w, v) => w.WriteVarint((ulong)v.Value), static r => new Rune(checked((int)r.ReadVarint()))),
        Varint<Index>(static (w, v) => w.WriteSigned(v.IsFromEnd ? ~v.Value : v.Value), static r => ToIndex(checked((int)r.ReadSigned()))),
        Nested<Range>(static (w, v) => WriteRange(w, v), static r => new Range(ToIndex(checked((int)r.ReadSigned())), ToIndex(checked((int)r.ReadSigned())))),
        Nested<Int128>(static (w, v) => WriteWide(w, (UInt128)v), static r => (Int128)ReadWide(r)),
        Nested<UInt128>(WriteWide, ReadWide),
        Nested<BigInteger>(static (w, v) => WriteSized(w, v.ToByteArray()), static r => new BigInteger(ReadSized(r))),
    ];

    private static IEnumerable<WireCodec> Fractions() =>
    [
        Fixed<double>(static (w, v) => w.WriteInt64(BitConverter.DoubleToInt64Bits(v)), static r => BitConverter.Int64BitsToDouble(r.ReadInt64())),
        Nested<float>(static (w, v) => w.WriteInt32(BitConverter.SingleToInt32Bits(v)), static r => BitConverter.Int32BitsToSingle(r.ReadInt32())),
        Varint<Half>(static (w, v) => w.WriteVarint(BitConverter.HalfToUInt16Bits(v)), static r => BitConverter.UInt16BitsToHalf(checked((ushort)r.ReadVarint()))),
        Nested<decimal>(static (w, v) => WriteDecimal(w, v), static r => new decimal([r.ReadInt32(), r.ReadInt32(), r.ReadInt32(), r.ReadInt32()])),
        Nested<Complex>(static (w, v) => WriteComplex(w, v), static r => new Complex(ReadDouble(r), ReadDouble(r))),
    ];

    private static IEnumerable<WireCodec> Times() =>
    [
        Fixed<DateTime>(static (w, v) => w.WriteInt64(v.ToBinary()), static r => DateTime.FromBinary(r.ReadInt64())),
        Nested<DateTimeOffset>(
            static (w, v) =>
            {
                w.WriteInt64(v.Ticks);
                w.WriteSigned(v.TotalOffsetMinutes);
            },
            static r => new DateTimeOffset(r.ReadInt64(), TimeSpan.FromMinutes(r.ReadSigned()))),
        Varint<TimeSpan>(static (w, v) => w.WriteSigned(v.Ticks), static r => new TimeSpan(r.ReadSigned())),
        Varint<DateOnly>(static (w, v) => w.WriteVarint((ulong)v.DayNumber), static r => DateOnly.FromDayNumber(checked((int)r.ReadVarint()))),
        Varint<TimeOnly>(static (w, v) => w.WriteVarint((ulong)v.Ticks), static r => new TimeOnly(checked((long)r.ReadVarint()))),
    ];

    private static IEnumerable<WireCodec> Texts() =>
    [
        new PlainCodec<string>(FieldKind.Bytes, static (w, v) => w.WriteString(v), static r => r.ReadString()!),
        Text(static v => v.OriginalString, static s => new Uri(s, UriKind.RelativeOrAbsolute)),
        Text(static v => v.ToString(), Version.Parse),
        Text(static v => v.Name, static s => CultureInfo.GetCultureInfo(s)),
        Text(static v => v.ToString(), IPAddress.Parse),
    ];

    private static IEnumerable<WireCodec> Identities() =>
    [
        Nested<Guid>(static (w, v) => v.TryWriteBytes(w.Reserve(16)), static r => new Guid(r.Read(16))),
        Nested<IdSpan>(static (w, v) => w.WriteString(v.IsDefault ? null : v.ToString()), static r => r.ReadString() is { } s ? IdSpan.Create(s) : default),
        Nested<GrainType>(static (w, v) => w.WriteString(v.IsDefault ? null : v.ToString()), static r => r.ReadString() is { } s ? GrainType.Create(s) : default),
        Nested<GrainInterfaceType>(
            static (w, v) => w.WriteString(v.IsDefault ? null : v.ToString()), static r => r.ReadString() is { } s ? GrainInterfaceType.Create(s) : default),
        Nested<GrainId>(WriteGrainId, ReadGrainId),
        Nested<ActivationId>(static (w, v) => v.Value.TryWriteBytes(w.Reserve(16)), static r => ActivationId.FromValue(new Guid(r.Read(16)))),
        Varint<MembershipVersion>(static (w, v) => w.WriteSigned(v.Value), static r => new MembershipVersion(r.ReadSigned())),
        Nested<SiloAddress>(WriteSilo, ReadSilo),
        Nested<GrainAddress>(WriteAddress, ReadAddress),
        Nested<object>(static (_, _) => { }, static _ => new object()),
        Varint<CancellationToken>(static (w, v) => w.WriteVarint(v.IsCancellationRequested ? 1ul : 0), static r => new CancellationToken(r.ReadVarint() != 0)),
    ];

    public static void WriteGrainId(WireWriter writer, GrainId id)
    {
        writer.WriteString(id.Type.IsDefault ? null : id.Type.ToString());
        writer.WriteString(id.Key.IsDefault ? null : id.Key.ToString());
    }

    public static GrainId ReadGrainId(WireReader reader)
    {
        GrainType type = reader.ReadString() is { } t ? GrainType.Create(t) : default;
        return new GrainId(type, reader.ReadString() is { } k ? IdSpan.Create(k) : default);
    }

    public static void WriteSilo(WireWriter writer, SiloAddress silo)
    {
        Span<byte> address = stackalloc byte[16];
        silo.Endpoint.Address.TryWriteBytes(address, out int count);
        writer.WriteByte((byte)count);
        writer.WriteBytes(address[..count]);
        writer.WriteVarint((ulong)silo.Endpoint.Port);
        writer.WriteSigned(silo.Generation);
    }

    public static SiloAddress ReadSilo(WireReader reader)
    {
        int count = reader.ReadByte();
        if (count is not (4 or 16))
            throw new WireFormatException($"An IP address of {count} bytes.");

        var address = new IPAddress(reader.Read(count));
        ulong port = reader.ReadVarint();
        return port <= IPEndPoint.MaxPort ? SiloAddress.New(address, (int)port, checked((int)reader.ReadSigned())) : throw new WireFormatException($"Port {port}.");
    }

    private static void WriteAddress(WireWriter writer, GrainAddress address)
    {
        WriteGrainId(writer, address.GrainId);
        address.ActivationId.Value.TryWriteBytes(writer.Reserve(16));
        WriteSilo(writer, address.SiloAddress ?? SiloAddress.Zero);
        writer.WriteSigned(address.MembershipVersion.Value);
    }

    private static GrainAddress ReadAddress(WireReader reader) => new()
    {
        GrainId = ReadGrainId(reader),
        ActivationId = ActivationId.FromValue(new Guid(reader.Read(16))),
        SiloAddress = ReadSilo(reader),
        MembershipVersion = new MembershipVersion(reader.ReadSigned()),
    };

    private static PlainCodec<T> Varint<T>(Action<WireWriter, T> write, Func<WireReader, T> read) => new(FieldKind.Varint, write, read);

    private static PlainCodec<T> Fixed<T>(Action<WireWriter, T> write, Func<WireReader, T> read) => new(FieldKind.Fixed64, write, read);

    private static PlainCodec<T> Nested<T>(Action<WireWriter, T> write, Func<WireReader, T> read) => new(FieldKind.Nested, write, read);

    private static PlainCodec<T> Text<T>(Func<T, string> format, Func<string, T> parse)
        => Nested((w, v) => w.WriteString(format(v)), r => parse(r.ReadString() ?? throw new WireFormatException($"No text of {typeof(T)}.")));

    private static Index ToIndex(int value) => value < 0 ? new Index(~value, fromEnd: true) : new Index(value);

    private static void WriteRange(WireWriter writer, Range range)
    {
        writer.WriteSigned(range.Start.IsFromEnd ? ~range.Start.Value : range.Start.Value);
        writer.WriteSigned(range.End.IsFromEnd ? ~range.End.Value : range.End.Value);
    }

    private static void WriteWide(WireWriter writer, UInt128 value)
    {
        writer.WriteInt64((long)(ulong)(value >> 64));
        writer.WriteInt64((long)(ulong)value);
    }

    private static UInt128 ReadWide(WireReader reader) => new((ulong)reader.ReadInt64(), (ulong)reader.ReadInt64());

    private static void WriteSized(WireWriter writer, byte[] bytes)
    {
        writer.WriteVarint((ulong)bytes.Length);
        writer.WriteBytes(bytes);
    }

    private static ReadOnlySpan<byte> ReadSized(WireReader reader) => reader.Read(reader.ReadCount());

    private static void WriteDecimal(WireWriter writer, decimal value)
    {
        Span<int> bits = stackalloc int[4];
        decimal.GetBits(value, bits);
        foreach (int part in bits)
            writer.WriteInt32(part);
    }

    private static void WriteComplex(WireWriter writer, Complex value)
    {
        writer.WriteInt64(BitConverter.DoubleToInt64Bits(value.Real));
        writer.WriteInt64(BitConverter.DoubleToInt64Bits(value.Imaginary));
    }

    private static double ReadDouble(WireReader reader) => BitConverter.Int64BitsToDouble(reader.ReadInt64());
}
