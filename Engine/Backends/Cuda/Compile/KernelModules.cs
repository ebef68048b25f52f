using OrleansLM.Engine.Backends.Cuda.Device;
using OrleansLM.Engine.Backends.Cuda.Native;

namespace OrleansLM.Engine.Backends.Cuda.Compile;

/// <summary>The kernel files in use on one device, each compiled and loaded when first asked for.</summary>
internal sealed class KernelModules(CudaContext context, NvrtcApi nvrtc, KernelCache cache) : IDisposable
{
    private readonly KernelCompiler _compiler = new(nvrtc, cache);
    private readonly IReadOnlyDictionary<string, string> _headers = KernelSources.Headers();
    private readonly Dictionary<string, CudaModule> _modules = [];

    /// <summary>Hopper's own instructions need the target with the a; its code runs on that architecture only.</summary>
    private string Architecture => context.Info.ComputeCapability == 90 ? "sm_90a" : $"sm_{context.Info.ComputeCapability}";

    public CudaModule Get(string file, params string[] definitions)
    {
        var name = definitions.Length == 0 ? file : $"{file} {string.Join(' ', definitions)}";
        if (!_modules.TryGetValue(name, out var module))
        {
            module = new CudaModule(context, name, _compiler.Compile(file, KernelSources.Read(file), _headers, Architecture, definitions));
            _modules[name] = module;
        }

        return module;
    }

    public void Dispose()
    {
        foreach (var module in _modules.Values)
        {
            module.Dispose();
        }

        _modules.Clear();
    }
}
