using System.Buffers.Binary;

namespace OrleansLM.Engine.Weights.Safetensors;

/// <summary>A safetensors file (spec §5.1): 8 bytes of header length, a JSON header, then the tensors without gaps.</summary>
public sealed unsafe class SafetensorsFile : ITensorFile
{
    /// <summary>The format's own limit.</summary>
    public const long MaxHeaderBytes = 100_000_000;

    private const int LengthBytes = sizeof(ulong);
    private readonly MappedFile _file;

    private SafetensorsFile(MappedFile file, IReadOnlyDictionary<string, StoredTensor> tensors)
    {
        _file = file;
        Tensors = tensors;
    }

    public string Path => _file.Path;

    public IReadOnlyDictionary<string, StoredTensor> Tensors { get; }

    /// <summary>Reads and checks the header; the tensors stay untouched.</summary>
    /// <exception cref="CheckpointException">The file cannot be read or its header is not valid.</exception>
    public static SafetensorsFile Open(string path)
    {
        var file = MappedFile.Open(path);
        try
        {
            return new SafetensorsFile(file, ReadHeader(file));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public byte* Map() => _file.Map();

    public void Read(long offset, Span<byte> destination) => _file.Read(offset, destination);

    public void Dispose() => _file.Dispose();

    private static IReadOnlyDictionary<string, StoredTensor> ReadHeader(MappedFile file)
    {
        if (file.Length < LengthBytes)
        {
            throw new CheckpointException($"{file.Path}: has {file.Length} bytes; expected at least {LengthBytes}, the length of a safetensors header");
        }

        var length = BinaryPrimitives.ReadUInt64LittleEndian(file.Read(0, LengthBytes));
        if (length > MaxHeaderBytes)
        {
            throw new CheckpointException($"{file.Path}: header length at byte 0 is {length}; expected at most {MaxHeaderBytes}");
        }

        if ((long)length > file.Length - LengthBytes)
        {
            throw new CheckpointException($"{file.Path}: header length at byte 0 is {length}, but only {file.Length - LengthBytes} bytes follow it");
        }

        var dataStart = LengthBytes + (long)length;
        return SafetensorsHeader.Parse(file.Read(LengthBytes, (int)length), file.Path, dataStart, file.Length - dataStart);
    }
}
