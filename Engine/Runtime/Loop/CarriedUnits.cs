using OrleansLM.Engine.State.Transfer;

namespace OrleansLM.Engine.Runtime.Loop;

/// <summary>
/// Pages or slots on their way from one cut of the model to the next, in a file without a name: it is gone when this is disposed, or the process. Their bytes are read back
/// only as they were written.
/// </summary>
internal sealed class CarriedUnits : IDisposable
{
    private readonly FileStream _file;
    private readonly int[] _units;
    private readonly uint[] _sums;
    private readonly int _unitBytes;

    private CarriedUnits(FileStream file, int[] units, int unitBytes) => (_file, _units, _sums, _unitBytes) = (file, units, new uint[units.Length], unitBytes);

    /// <summary>Ids, in the file's order.</summary>
    public ReadOnlyMemory<int> Units => _units;

    /// <param name="folder">Where there is to be room; made when it is missing.</param>
    /// <param name="units">Which.</param>
    /// <param name="unitBytes">Bytes of one.</param>
    /// <exception cref="IOException">There is no room, or not twice as much: who else writes to the disk must not run out of it.</exception>
    public static CarriedUnits Create(string folder, int[] units, int unitBytes)
    {
        Directory.CreateDirectory(folder);
        var (bytes, free) = ((long)units.Length * unitBytes, new DriveInfo(folder).AvailableFreeSpace);
        if (bytes > free / 2)
        {
            throw new IOException($"{folder} has {free} bytes free; {bytes} are to be carried, which may be half of that at most");
        }

        var path = Path.Combine(folder, $"carried-{Guid.NewGuid():n}.tmp");
        var file = new FileStream(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Share = FileShare.Delete, Options = FileOptions.Asynchronous, BufferSize = 0 });
        try
        {
            File.Delete(path);
            return new CarriedUnits(file, units, unitBytes);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Appends units, from index <paramref name="first"/> on.</summary>
    public async Task WriteAsync(int first, ReadOnlyMemory<byte> bytes)
    {
        for (var i = 0; i < bytes.Length / _unitBytes; i++)
        {
            _sums[first + i] = Sum(first + i, bytes.Slice(i * _unitBytes, _unitBytes).Span);
        }

        await RandomAccess.WriteAsync(_file.SafeFileHandle, bytes, (long)first * _unitBytes).ConfigureAwait(false);
    }

    /// <summary>Reads units, from index <paramref name="first"/> on.</summary>
    /// <exception cref="IOException">They are not what was written.</exception>
    public async Task ReadAsync(int first, Memory<byte> bytes)
    {
        for (var read = 0; read < bytes.Length;)
        {
            var count = await RandomAccess.ReadAsync(_file.SafeFileHandle, bytes[read..], ((long)first * _unitBytes) + read).ConfigureAwait(false);
            read += count > 0 ? count : throw new IOException($"unit {_units[first]} is not there: the file was cut short");
        }

        for (var i = 0; i < bytes.Length / _unitBytes; i++)
        {
            if (_sums[first + i] != Sum(first + i, bytes.Slice(i * _unitBytes, _unitBytes).Span))
            {
                throw new IOException($"the checksum of unit {_units[first + i]} does not match: its bytes changed on the disk");
            }
        }
    }

    public void Dispose() => _file.Dispose();

    private static uint Sum(int index, ReadOnlySpan<byte> bytes) => Checksum.Of(bytes, (uint)index + 1);
}
