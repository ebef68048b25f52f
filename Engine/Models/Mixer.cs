using OrleansLM.Engine.Backends;
using OrleansLM.Engine.Runtime;

namespace OrleansLM.Engine.Models;

/// <summary>The part of a block that looks back: softmax attention over pages, or linear attention over a recurrent state.</summary>
internal abstract class Mixer
{
    /// <summary>hidden += out_proj(attention(norm(hidden))). [T, C].</summary>
    public abstract void Mix(IBackend backend, StepBatch batch, StageWorkspace workspace, in NormStep norm, Matrix hidden);
}
