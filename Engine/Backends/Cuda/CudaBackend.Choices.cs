using OrleansLM.Engine.Backends.Cuda.Choices;
using OrleansLM.Engine.Backends.Cuda.Device;
using OrleansLM.Engine.Runtime;

namespace OrleansLM.Engine.Backends.Cuda;

/// <summary>Choosing tokens where the logits lie.</summary>
public sealed unsafe partial class CudaBackend
{
    private DeviceSampler? _sampler;
    private ChosenTokens? _chosen;
    private CudaKernel? _takeTokens;

    /// <summary>The sampler of this device's logits; made once.</summary>
    /// <param name="vocabulary">V.</param>
    /// <param name="chosen">Gets the ids; the caller's.</param>
    /// <param name="blockRows">Rows of a block of logits at most.</param>
    /// <param name="slots">Turns with penalties whose counts are kept.</param>
    /// <param name="within">Steps that may be under way together.</param>
    /// <returns>Null: not for so large a vocabulary.</returns>
    internal DeviceSampler? UseSampler(int vocabulary, ChosenTokens chosen, int blockRows, int slots, int within = 2) => vocabulary > DeviceSampler.MaxVocabulary
        ? null
        : _sampler = new DeviceSampler(_stream, _modules, vocabulary, chosen, blockRows, slots, within);

    /// <summary>Rows whose tokens are still being chosen take them from there. What queues a step sees to it that they have been chosen by then.</summary>
    internal void TakeTokensFrom(ChosenTokens chosen)
    {
        _takeTokens = _modules.Get("sample.cu").Kernel("take_tokens", "ppi");
        _chosen = chosen;
    }

    /// <summary>Queues the choices of a block of logits.</summary>
    internal void Choose(Matrix logits, long step, int first, SampleExchange exchange) => _sampler!.Choose(Address(logits), step, first, logits.Rows, exchange);

    private void TakeTokens(StepBatch batch)
    {
        if (batch.Follows && _chosen is not null)
        {
            _takeTokens!.Launch(_stream, LaunchShape.Of((batch.RowCount + 255) / 256, 256), _step.Tokens, _chosen.Address, batch.RowCount);
        }
    }

    /// <summary>Queues a copy of one row of logits to pinned host memory.</summary>
    internal void CopyRowToHost(Matrix logits, int row, byte* destination) =>
        _stream.CopyToHost(destination, Address(logits) + (ulong)row * (ulong)logits.Columns * sizeof(float), (long)logits.Columns * sizeof(float));
}
