using System.Runtime.InteropServices;

namespace OrleansLM.Engine.Backends.Cuda.Native;

/// <summary>A library found at run time: the first of its candidate names that loads. The same build runs where there is none.</summary>
internal sealed class NativeLibraryFile
{
    private readonly nint _handle;

    private NativeLibraryFile(string name, nint handle)
    {
        Name = name;
        _handle = handle;
    }

    /// <summary>The candidate that loaded.</summary>
    public string Name { get; }

    /// <param name="purpose">What cannot be done without it, for the error.</param>
    /// <param name="candidates">Names for the system's loader, best first.</param>
    /// <exception cref="CudaUnavailableException">None of them loads.</exception>
    public static NativeLibraryFile Load(string purpose, params ReadOnlySpan<string> candidates)
    {
        foreach (var name in candidates)
        {
            if (NativeLibrary.TryLoad(name, out var handle))
            {
                return new NativeLibraryFile(name, handle);
            }
        }

        throw new CudaUnavailableException(
            $"none of {string.Join(", ", candidates.ToArray())} could be loaded; {purpose}. Is it installed and on the library path (ldconfig, LD_LIBRARY_PATH)?");
    }

    /// <exception cref="CudaUnavailableException">The library is too old: it lacks the function.</exception>
    public nint Export(string function) => TryExport(function) is var address and not 0
        ? address
        : throw new CudaUnavailableException($"{Name} has no function {function}; a newer version is needed");

    /// <summary>0 when the library lacks it.</summary>
    public nint TryExport(string function) => NativeLibrary.TryGetExport(_handle, function, out var address) ? address : 0;
}
