using System.Runtime.InteropServices;
using System.Text;
using OrleansLM.Engine.Backends.Cuda.Native;

namespace OrleansLM.Engine.Backends.Cuda.Compile;

/// <summary>Turns a .cu file into machine code for one architecture, or finds what an earlier run made of the same text and options.</summary>
internal sealed unsafe class KernelCompiler(NvrtcApi nvrtc, KernelCache cache)
{
    /// <param name="file">Name, for messages.</param>
    /// <param name="source">Its text.</param>
    /// <param name="headers">What it may include, by name.</param>
    /// <param name="architecture">For example <c>sm_90a</c>.</param>
    /// <param name="definitions">Macros, NAME=VALUE.</param>
    /// <exception cref="CudaException">The compiler's log is in the message.</exception>
    public byte[] Compile(string file, string source, IReadOnlyDictionary<string, string> headers, string architecture, params string[] definitions)
    {
        int major, minor;
        nvrtc.Check(nvrtc.Version(&major, &minor), "nvrtcVersion", file);
        string[] options = [$"--gpu-architecture={architecture}", "--std=c++17", "-default-device", .. definitions.Select(definition => "-D" + definition)];
        var key = KernelCache.Key([$"{major}.{minor}", source, .. headers.SelectMany(header => new[] { header.Key, header.Value }), .. options]);
        if (cache.Find(key) is { } found)
        {
            return found;
        }

        var code = Compile(file, source, headers, options);
        cache.Keep(key, code);
        return code;
    }

    private byte[] Compile(string file, string source, IReadOnlyDictionary<string, string> headers, string[] options)
    {
        using var texts = new NativeTexts(headers.Values);
        using var names = new NativeTexts(headers.Keys);
        using var sources = new NativeTexts([source, file]);
        using var arguments = new NativeTexts(options);
        nint program;
        nvrtc.Check(nvrtc.CreateProgram(&program, sources[0], sources[1], headers.Count, texts.Pointers, names.Pointers), "nvrtcCreateProgram", file);
        try
        {
            var status = nvrtc.CompileProgram(program, options.Length, arguments.Pointers);
            nvrtc.Check(status, "nvrtcCompileProgram", status == 0 ? "" : $"{file} with {string.Join(' ', options)}:\n{Log(program)}\n");
            nuint size;
            nvrtc.Check(nvrtc.GetCubinSize(program, &size), "nvrtcGetCUBINSize", file);
            var code = new byte[size];
            fixed (byte* data = code)
            {
                nvrtc.Check(nvrtc.GetCubin(program, data), "nvrtcGetCUBIN", file);
            }

            return code;
        }
        finally
        {
            _ = nvrtc.DestroyProgram(&program);
        }
    }

    private string Log(nint program)
    {
        nuint size;
        if (nvrtc.GetLogSize(program, &size) != 0 || size < 2)
        {
            return "(no log)";
        }

        var log = new byte[size];
        fixed (byte* data = log)
        {
            return nvrtc.GetLog(program, data) == 0 ? Encoding.UTF8.GetString(log).TrimEnd('\0', '\n') : "(no log)";
        }
    }

    /// <summary>Texts as C strings, and the array of their addresses.</summary>
    private readonly ref struct NativeTexts : IDisposable
    {
        private readonly int _count;

        public NativeTexts(IEnumerable<string> texts)
        {
            var all = texts.ToArray();
            _count = all.Length;
            Pointers = (byte**)NativeMemory.Alloc((nuint)Math.Max(1, _count), (nuint)sizeof(byte*));
            for (var i = 0; i < _count; i++)
            {
                Pointers[i] = (byte*)Marshal.StringToCoTaskMemUTF8(all[i]);
            }
        }

        public byte** Pointers { get; }

        public byte* this[int index] => Pointers[index];

        public void Dispose()
        {
            for (var i = 0; i < _count; i++)
            {
                Marshal.FreeCoTaskMem((nint)Pointers[i]);
            }

            NativeMemory.Free(Pointers);
        }
    }
}
