using OrleansLM.Engine.Backends.Cuda.Device;
using OrleansLM.Engine.Backends.Cuda.Native;

namespace OrleansLM.Engine.Backends.Cuda.Blas;

/// <summary>Products of bf16 matrices by cuBLASLt with f32 sums, one order of additions for every number of rows.</summary>
internal sealed unsafe class BlasMatMul : IDisposable
{
    private const long WorkspaceBytes = 32 << 20;

    /// <summary>Products of up to so many rows try out the library's algorithms when they first come.</summary>
    private const int TunedRows = 64;

    private readonly BlasApi _api;
    private readonly DeviceMemory _workspace;
    private readonly Dictionary<MatMulShape, MatMulPlan> _plans = [];
    private readonly bool _allowSplits;
    private nint _handle;

    /// <param name="context">Of the device.</param>
    /// <param name="api">The library.</param>
    /// <param name="allowSplits">Lets it split K: other bits for other numbers of rows.</param>
    public BlasMatMul(CudaContext context, BlasApi api, bool allowSplits)
    {
        _api = api;
        _allowSplits = allowSplits;
        context.MakeCurrent();
        nint handle;
        BlasApi.Check(api.Create(&handle), "cublasLtCreate", context.Info.Name);
        _handle = handle;
        _workspace = new DeviceMemory(context, WorkspaceBytes);
    }

    /// <summary>What the library needs of the sizes and addresses: rows that begin at multiples of 16 bytes.</summary>
    public static bool Fits(int n, int k, ulong weight, ulong input, ulong output) => n % 8 == 0 && k % 8 == 0 && ((weight | input | output) & 15) == 0;

    /// <summary>Y = X · Wᵀ, or Y += X · Wᵀ; bf16 inputs.</summary>
    public void Run(CudaStream stream, MatMulShape shape, ulong weight, ulong input, ulong output, bool accumulate)
    {
        stream.Context.MakeCurrent();
        if (!_plans.TryGetValue(shape, out var plan))
        {
            _plans[shape] = plan = MatMulPlan.Create(_api, _handle, shape, WorkspaceBytes, _allowSplits);
            if (shape.T <= TunedRows && !_allowSplits)
            {
                Tune(stream, plan, weight, input, shape);
            }
        }

        plan.Run(_handle, weight, input, output, accumulate, _workspace.Address, WorkspaceBytes, stream.Value);
    }

    public void Dispose()
    {
        foreach (var plan in _plans.Values)
        {
            plan.Dispose();
        }

        _plans.Clear();
        _workspace.Dispose();
        if (Interlocked.Exchange(ref _handle, 0) is var handle and not 0)
        {
            _ = _api.Destroy(handle);
        }
    }

    private void Tune(CudaStream stream, MatMulPlan plan, ulong weight, ulong input, MatMulShape shape)
    {
        using var start = new CudaEvent(stream.Context, timing: true);
        using var end = new CudaEvent(stream.Context, timing: true);
        using var output = new DeviceMemory(stream.Context, (long)shape.T * shape.N * sizeof(float));
        plan.Tune(() =>
        {
            const int Rounds = 3;
            void Once() => plan.Run(_handle, weight, input, output.Address, accumulate: false, _workspace.Address, WorkspaceBytes, stream.Value);
            Once();
            start.Record(stream);
            for (var round = 0; round < Rounds; round++)
            {
                Once();
            }

            end.Record(stream);
            end.Synchronize();
            return end.MillisecondsSince(start);
        });
    }
}
