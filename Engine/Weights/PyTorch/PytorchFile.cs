namespace OrleansLM.Engine.Weights.PyTorch;

/// <summary>
/// A PyTorch checkpoint as <c>torch.save</c> has written it since version 1.6 (spec §5.4): a zip file with a pickle that describes the tensors and one
/// stored member per storage. The pickle is interpreted symbolically; storages are mapped where they lie.
/// </summary>
public sealed unsafe class PytorchFile : ITensorFile
{
    private const string PickleName = "data.pkl";
    private const int MaxPickleBytes = 16 << 20;
    private const byte PickleProtocol = 0x80;
    private readonly MappedFile _file;

    private PytorchFile(MappedFile file, IReadOnlyDictionary<string, StoredTensor> tensors)
    {
        _file = file;
        Tensors = tensors;
    }

    public string Path => _file.Path;

    public IReadOnlyDictionary<string, StoredTensor> Tensors { get; }

    /// <summary>Reads and checks the directory and the pickle; the tensors stay untouched.</summary>
    /// <exception cref="CheckpointException">The file cannot be read, is not valid, or holds something that is not a state dict of tensors.</exception>
    public static PytorchFile Open(string path)
    {
        var file = MappedFile.Open(path);
        try
        {
            return new PytorchFile(file, ReadTensors(file));
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

    private static IReadOnlyDictionary<string, StoredTensor> ReadTensors(MappedFile file)
    {
        RequireZip(file);
        var entries = ZipDirectory.Read(file);
        var pickle = FindPickle(entries, file);
        var top = pickle.Name[..^PickleName.Length];
        RequireLittleEndian(entries, top, file);
        var source = $"{file.Path}: {pickle.Name}";
        var root = PickleMachine.Interpret(file.Read(pickle.DataOffset, (int)pickle.Size), source);
        return new StateDict(entries, $"{top}data/", source).Read(root);
    }

    private static void RequireZip(MappedFile file)
    {
        var start = file.Read(0, (int)Math.Min(4, file.Length));
        if (start is [PickleProtocol, ..])
        {
            throw new CheckpointException($"{file.Path}: is in PyTorch's format from before 1.6 (a bare pickle); expected a zip file: load it in PyTorch and save it again");
        }

        if (start is not [(byte)'P', (byte)'K', 3, 4])
        {
            throw new CheckpointException($"{file.Path}: does not begin like a zip file; expected what torch.save writes");
        }
    }

    /// <summary>data.pkl in the one folder at the top, whatever that is called.</summary>
    private static ZipEntry FindPickle(IReadOnlyDictionary<string, ZipEntry> entries, MappedFile file)
    {
        var pickles = entries.Values.Where(entry => entry.Name.EndsWith($"/{PickleName}", StringComparison.Ordinal) && entry.Name.IndexOf('/') == entry.Name.Length - PickleName.Length - 1).ToArray();
        return pickles is [{ Size: <= MaxPickleBytes } only]
            ? only
            : throw new CheckpointException(
                $"{file.Path}: {(pickles is [var large] ? $"{PickleName} has {large.Size} bytes; expected at most {MaxPickleBytes}" : $"has {pickles.Length} members '…/{PickleName}'; expected one")}");
    }

    private static void RequireLittleEndian(IReadOnlyDictionary<string, ZipEntry> entries, string top, MappedFile file)
    {
        if (entries.TryGetValue($"{top}byteorder", out var entry))
        {
            var order = entry.Size <= 16 ? System.Text.Encoding.ASCII.GetString(file.Read(entry.DataOffset, (int)entry.Size)) : "";
            if (order != "little")
            {
                throw new CheckpointException($"{file.Path}: byteorder is '{order}'; expected 'little'");
            }
        }
    }
}
