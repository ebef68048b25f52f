using OrleansLM.Engine.Backends.Cuda.Choices;

namespace OrleansLM.Engine.Backends.Cuda;

/// <summary>Choosing tokens where the logits lie.</summary>
public sealed unsafe partial class CudaBackend
{
    private DeviceSampler? _sampler;

    /// <summary>The sampler of this device's logits; made once.</summary>
    /// <param name="vocabulary">V.</param>
    /// <param name="rows">Rows of logits of a step at most.</param>
    /// <param name="blockRows">Rows of a block of logits at most.</param>
    /// <param name="slots">Turns with penalties whose counts are kept.</param>
    /// <returns>Null: not for so large a vocabulary.</returns>
    internal DeviceSampler? UseSampler(int vocabulary, int rows, int blockRows, int slots) => vocabulary > DeviceSampler.MaxVocabulary
        ? null
        : _sampler = new DeviceSampler(_stream, _modules, vocabulary, rows, blockRows, slots);

    /// <summary>Queues the choices of a block of logits.</summary>
    internal void Choose(Matrix logits, int first, SampleExchange exchange) => _sampler!.Choose(Address(logits), first, logits.Rows, exchange);

    /// <summary>Queues a copy of one row of logits to pinned host memory.</summary>
    internal void CopyRowToHost(Matrix logits, int row, byte* destination) =>
        _stream.CopyToHost(destination, Address(logits) + (ulong)row * (ulong)logits.Columns * sizeof(float), (long)logits.Columns * sizeof(float));
}
