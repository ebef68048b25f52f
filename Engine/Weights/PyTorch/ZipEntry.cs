namespace OrleansLM.Engine.Weights.PyTorch;

/// <summary>A stored (not compressed) member of a zip file. Offsets are in bytes from the start of the file.</summary>
/// <param name="Name">With '/' between folders.</param>
/// <param name="HeaderOffset">Where its local header begins.</param>
/// <param name="DataOffset">Where its bytes begin: behind the local header, whose padding the central directory does not know.</param>
/// <param name="Size">Bytes.</param>
internal readonly record struct ZipEntry(string Name, long HeaderOffset, long DataOffset, long Size)
{
    public long End => DataOffset + Size;
}
