using System.Threading.Channels;

namespace OrleansLM.Engine.Runtime;

/// <summary>A running turn.</summary>
public interface IEngineTurn
{
    /// <summary>
    /// What the turn produces, in order, ending with one <see cref="TurnOutputKind.Finished"/>. Bounded: a reader that does not keep up pauses
    /// its own sequence and no other. Completes with an <see cref="EngineException"/> when the turn failed.
    /// </summary>
    ChannelReader<TurnOutput> Output { get; }

    /// <summary>Ends the turn after the current step with <see cref="Sampling.FinishReason.Cancelled"/>; what was generated stays in the sequence. Idempotent.</summary>
    void Cancel();
}
