using System.Runtime.InteropServices;

namespace OrleansLM.Engine.Tests.Backends;

/// <summary>
/// A copy of some bytes that ends exactly where a page begins that may not be touched, as a mapped file's last tensor may: a kernel that reads one
/// byte too far ends the test run. Where there is no mmap, plain memory.
/// </summary>
internal sealed unsafe partial class GuardedMemory : IDisposable
{
    private const int ReadWrite = 3;
    private const int PrivateAnonymous = 0x22;
    private readonly nuint _length;
    private readonly nint _start;

    public GuardedMemory(ReadOnlySpan<byte> bytes)
    {
        if (!OperatingSystem.IsLinux())
        {
            _start = (nint)NativeMemory.Alloc((nuint)bytes.Length);
            Data = (byte*)_start;
            bytes.CopyTo(new Span<byte>(Data, bytes.Length));
            return;
        }

        var page = (nuint)Environment.SystemPageSize;
        var usable = ((nuint)bytes.Length + page - 1) / page * page;
        _length = usable + page;
        _start = Map(0, _length, ReadWrite, PrivateAnonymous, -1, 0);
        if (_start == -1 || Protect(_start + (nint)usable, page, 0) != 0)
        {
            throw new InvalidOperationException($"mmap of {_length} bytes failed with error {Marshal.GetLastPInvokeError()}");
        }

        Data = (byte*)_start + usable - (nuint)bytes.Length;
        bytes.CopyTo(new Span<byte>(Data, bytes.Length));
    }

    public byte* Data { get; }

    public void Dispose()
    {
        if (OperatingSystem.IsLinux())
        {
            _ = Unmap(_start, _length);
        }
        else
        {
            NativeMemory.Free((void*)_start);
        }
    }

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    private static partial int Protect(nint address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(nint address, nuint length);
}
