using OrleansLM.Engine.Backends.Cuda.Native;

namespace OrleansLM.Engine.Backends.Cuda.Blas;

/// <summary>One shape of product with the algorithm that was chosen for it: Y[T, N] = X[T, K] · W[N, K]ᵀ (+ Y), the weights on the M side.</summary>
internal sealed unsafe class MatMulPlan : IDisposable
{
    private readonly nint _descriptor;
    private readonly nint _weight;
    private readonly nint _input;
    private readonly nint _output;
    private readonly List<BlasHeuristic> _candidates = [];
    private BlasHeuristic _heuristic;

    private MatMulPlan(nint descriptor, nint weight, nint input, nint output)
    {
        _descriptor = descriptor;
        _weight = weight;
        _input = input;
        _output = output;
    }

    private BlasApi Api { get; init; } = null!;

    /// <exception cref="CudaException">The library knows no algorithm without a split of K for the shape.</exception>
    public static MatMulPlan Create(BlasApi api, nint handle, MatMulShape shape, long workspaceBytes, bool allowSplits)
    {
        nint descriptor, weight, input, output;
        var detail = shape.ToString();
        var type = shape.WideOutput ? BlasApi.Real32F : BlasApi.RealBF16;
        BlasApi.Check(api.MatmulDescCreate(&descriptor, BlasApi.Compute32F, BlasApi.Real32F), "cublasLtMatmulDescCreate", detail);
        BlasApi.Check(api.LayoutCreate(&weight, BlasApi.RealBF16, (ulong)shape.K, (ulong)shape.N, shape.K), "cublasLtMatrixLayoutCreate", detail);
        BlasApi.Check(api.LayoutCreate(&input, BlasApi.RealBF16, (ulong)shape.K, (ulong)shape.T, shape.K), "cublasLtMatrixLayoutCreate", detail);
        BlasApi.Check(api.LayoutCreate(&output, type, (ulong)shape.N, (ulong)shape.T, shape.N), "cublasLtMatrixLayoutCreate", detail);
        var plan = new MatMulPlan(descriptor, weight, input, output) { Api = api };
        try
        {
            var transpose = BlasApi.OperationTranspose;
            BlasApi.Check(api.MatmulDescSet(descriptor, BlasApi.DescTransA, &transpose, sizeof(int)), "cublasLtMatmulDescSetAttribute", detail);
            plan.Choose(handle, workspaceBytes, allowSplits, detail);
            return plan;
        }
        catch
        {
            plan.Dispose();
            throw;
        }
    }

    /// <summary>Takes the fastest of the library's candidates: all give the same bits, and the library's own order is poor for few rows.</summary>
    /// <param name="time">Runs the plan as it is a few times and tells the seconds.</param>
    public void Tune(Func<double> time)
    {
        var (best, seconds) = (_heuristic, double.PositiveInfinity);
        foreach (var candidate in _candidates)
        {
            _heuristic = candidate;
            var mine = time();
            (best, seconds) = mine < seconds ? (candidate, mine) : (best, seconds);
        }

        _heuristic = best;
        _candidates.Clear();
    }

    public void Run(nint handle, ulong weight, ulong input, ulong output, bool accumulate, ulong workspace, long workspaceBytes, nint stream)
    {
        float one = 1, beta = accumulate ? 1 : 0;
        fixed (BlasHeuristic* heuristic = &_heuristic)
        {
            BlasApi.Check(
                Api.Matmul(
                    handle, _descriptor, &one, weight, _weight, input, _input, &beta, output, _output, output, _output, heuristic->Algorithm, workspace,
                    (nuint)workspaceBytes, stream),
                "cublasLtMatmul", "");
        }
    }

    public void Dispose()
    {
        _ = Api.LayoutDestroy(_output);
        _ = Api.LayoutDestroy(_input);
        _ = Api.LayoutDestroy(_weight);
        _ = Api.MatmulDescDestroy(_descriptor);
    }

    /// <summary>
    /// The library's first choice that adds up all of K in one accumulator. Such algorithms give the same bits whatever T and their tile are
    /// (measured on Hopper); those that split K do not, and are left out.
    /// </summary>
    private void Choose(nint handle, long workspaceBytes, bool allowSplits, string detail)
    {
        const int Wanted = 32;
        nint preference;
        BlasApi.Check(Api.PreferenceCreate(&preference), "cublasLtMatmulPreferenceCreate", detail);
        try
        {
            var bytes = (nuint)workspaceBytes;
            uint reductions = allowSplits ? 7u : 0;
            BlasApi.Check(Api.PreferenceSet(preference, BlasApi.PreferenceMaxWorkspace, &bytes, (nuint)sizeof(nuint)), "cublasLtMatmulPreferenceSetAttribute", detail);
            BlasApi.Check(Api.PreferenceSet(preference, BlasApi.PreferenceReductionMask, &reductions, sizeof(uint)), "cublasLtMatmulPreferenceSetAttribute", detail);
            var found = stackalloc BlasHeuristic[Wanted];
            int count;
            BlasApi.Check(
                Api.GetHeuristic(handle, _descriptor, _weight, _input, _output, _output, preference, Wanted, found, &count), "cublasLtMatmulAlgoGetHeuristic", detail);
            for (var i = 0; i < count; i++)
            {
                if (found[i].State == 0 && (allowSplits || IsWhole(&found[i])))
                {
                    _candidates.Add(found[i]);
                }
            }

            if (_candidates.Count > 0)
            {
                _heuristic = _candidates[0];
                return;
            }

            throw new CudaException("cublasLtMatmulAlgoGetHeuristic", 15, $"none of {count} algorithms adds up K without splitting it", detail);
        }
        finally
        {
            _ = Api.PreferenceDestroy(preference);
        }
    }

    private bool IsWhole(BlasHeuristic* found)
    {
        int parts = 1;
        uint scheme = 0;
        nuint written;
        _ = Api.AlgoGet(found->Algorithm, BlasApi.AlgoSplitK, &parts, sizeof(int), &written);
        _ = Api.AlgoGet(found->Algorithm, BlasApi.AlgoReductionScheme, &scheme, sizeof(uint), &written);
        return parts <= 1 && scheme == 0;
    }
}
