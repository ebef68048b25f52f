using OrleansLM.Engine.Sampling;

namespace OrleansLM.Engine.Backends.Cuda.Choices;

/// <summary>The ids of the largest logits, found where they lie as the engine finds them, for who steps a model without it.</summary>
public sealed class GreedyChoice : IDisposable
{
    private readonly CudaBackend _backend;
    private readonly SampleExchange _exchange;
    private readonly SamplingPlan _plan;
    private readonly ChosenTokens _chosen;
    private readonly int[] _ids;

    /// <param name="backend">That computes the logits; it has one sampler at a time.</param>
    /// <param name="vocabulary">V.</param>
    /// <param name="rows">Rows of logits of a step at most.</param>
    /// <param name="blockRows">Rows of a block of logits at most.</param>
    /// <exception cref="ArgumentOutOfRangeException">The vocabulary is larger than the device's sampler takes.</exception>
    public GreedyChoice(CudaBackend backend, int vocabulary, int rows, int blockRows)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(vocabulary, DeviceSampler.MaxVocabulary);
        _backend = backend;
        _plan = SamplingPlan.Create(new SamplingParameters { Temperature = 0 }, vocabulary);
        _ids = new int[rows];
        _chosen = new ChosenTokens(backend.Stream, rows, isShared: false);
        _ = backend.UseSampler(vocabulary, _chosen, blockRows, slots: 1);
        _exchange = new SampleExchange(backend.Context);
    }

    /// <summary>Before the first block of a step.</summary>
    public void Begin(int rows)
    {
        _exchange.Begin(rows, biases: 0);
        for (var row = 0; row < rows; row++)
        {
            _exchange.Choose(row, _plan, position: 0, counts: -1);
        }
    }

    /// <summary>Queues the choices of a block of logits, from row <paramref name="first"/> of the step on.</summary>
    public void Choose(Matrix logits, int first) => _backend.Choose(logits, step: 0, first, _exchange);

    /// <summary>Waits for the step.</summary>
    /// <returns>Its ids; below 0 where a logit is not finite.</returns>
    public ReadOnlySpan<int> Read(int rows)
    {
        _backend.Synchronize();
        for (var row = 0; row < rows; row++)
        {
            _ids[row] = _exchange.Result(row).Id;
        }

        return _ids.AsSpan(0, rows);
    }

    public void Dispose()
    {
        _exchange.Dispose();
        _chosen.Dispose();
    }
}
