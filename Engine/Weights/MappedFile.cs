using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;

namespace OrleansLM.Engine.Weights;

/// <summary>
/// A file opened for reading: small parts are read into arrays to be validated, the whole is mapped when the first tensor is wanted. Failures of the
/// file system become <see cref="CheckpointException"/>s that name the file.
/// </summary>
internal sealed unsafe class MappedFile : IDisposable
{
    private readonly SafeFileHandle _handle;
    private readonly Lock _gate = new();
    private MemoryMappedFile? _file;
    private MemoryMappedViewAccessor? _view;
    private byte* _start;
    private bool _disposed;

    private MappedFile(string path, SafeFileHandle handle, long length)
    {
        Path = path;
        _handle = handle;
        Length = length;
    }

    public string Path { get; }

    /// <summary>Bytes, as found when the file was opened.</summary>
    public long Length { get; }

    public static MappedFile Open(string path)
    {
        SafeFileHandle? handle = null;
        try
        {
            handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            return new MappedFile(path, handle, RandomAccess.GetLength(handle));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            handle?.Dispose();
            throw new CheckpointException($"{path}: cannot be opened: {failure.Message}", failure);
        }
    }

    /// <summary>Bytes [<paramref name="offset"/>, <paramref name="offset"/> + <paramref name="count"/>), copied.</summary>
    public byte[] Read(long offset, int count)
    {
        if (offset < 0 || count < 0 || offset > Length - count)
        {
            throw new CheckpointException($"{Path}: the file ends at byte {Length}; expected {count} bytes at byte {offset}");
        }

        var bytes = new byte[count];
        Read(offset, bytes);
        return bytes;
    }

    /// <summary>Fills <paramref name="destination"/> from <paramref name="offset"/> on. Any thread.</summary>
    public void Read(long offset, Span<byte> destination)
    {
        try
        {
            for (var done = 0; done < destination.Length;)
            {
                var read = RandomAccess.Read(_handle, destination[done..], offset + done);
                done += read > 0 ? read : throw new EndOfStreamException("the file became shorter while it was read");
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"{Path}: cannot be read: {failure.Message}", failure);
        }
    }

    /// <summary>Address of byte 0. Touching a page reads it; nothing is read here.</summary>
    public byte* Map()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_start == null)
            {
                MapWhole();
            }

            return _start;
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            if (_start != null)
            {
                _view!.SafeMemoryMappedViewHandle.ReleasePointer();
                _start = null;
            }

            _view?.Dispose();
            _file?.Dispose();
            _handle.Dispose();
        }
    }

    private void MapWhole()
    {
        var length = RandomAccess.GetLength(_handle);
        if (length != Length)
        {
            throw new CheckpointException($"{Path}: has {length} bytes; it had {Length} when its header was checked");
        }

        try
        {
            _file = MemoryMappedFile.CreateFromFile(_handle, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
            _view = _file.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new CheckpointException($"{Path}: cannot be mapped: {failure.Message}", failure);
        }

        byte* start = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        _start = start + _view.PointerOffset;
    }
}
