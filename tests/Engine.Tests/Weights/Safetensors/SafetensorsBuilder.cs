using System.Buffers.Binary;
using System.Text;

namespace OrleansLM.Engine.Tests.Weights.Safetensors;

/// <summary>Writes safetensors files, right ones and wrong ones.</summary>
internal sealed class SafetensorsBuilder
{
    private readonly List<string> _entries = [];
    private readonly List<byte> _data = [];

    public SafetensorsBuilder Add(string name, string dtype, long[] shape, byte[] bytes)
    {
        var begin = _data.Count;
        _data.AddRange(bytes);
        _entries.Add($"\"{name}\":{{\"dtype\":\"{dtype}\",\"shape\":[{string.Join(",", shape)}],\"data_offsets\":[{begin},{_data.Count}]}}");
        return this;
    }

    public byte[] Build() => FromHeader("{" + string.Join(",", _entries) + "}", [.. _data]);

    /// <summary>Any header over any data; padded with spaces to a multiple of 8 as the usual writers do.</summary>
    public static byte[] FromHeader(string header, byte[] data) => FromHeader(Encoding.UTF8.GetBytes(header.PadRight((header.Length + 7) / 8 * 8)), data);

    public static byte[] FromHeader(byte[] header, byte[] data)
    {
        var length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        return [.. length, .. header, .. data];
    }
}
