using OrleansLM.Engine.Backends;

namespace OrleansLM.Engine.Models;

/// <summary>Logits of consecutive entries of a step's <see cref="Runtime.StepBatch.LogitRows"/>; valid until the next block is asked for.</summary>
/// <param name="First">Index within LogitRows of row 0 of <paramref name="Logits"/>.</param>
/// <param name="Logits">[n, V] on the device; <see cref="IBackend.ReadLogits"/> brings it to the host.</param>
public readonly record struct LogitBlock(int First, Matrix Logits)
{
    public int Count => Logits.Rows;
}
