using OrleansLM.Engine.Models;
using OrleansLM.Engine.Text;

namespace OrleansLM.Engine.Runtime;

/// <summary>
/// One replica of a model: all its stages, its state and its scheduler. Thread-safe. Sequences are the truth of what they hold; their computed state
/// (pages or slots) is a cache that may be dropped when memory is short and is rebuilt by prefill on next use, with the same result (promise 2).
/// </summary>
public interface IInferenceEngine : IAsyncDisposable
{
    ModelConfig Config { get; }

    ModelTokenizer Tokenizer { get; }

    EngineDescription Description { get; }

    /// <summary>A snapshot of load and memory.</summary>
    EngineStatus GetStatus();

    /// <summary>A sequence that holds <paramref name="tokens"/> (for example from a session log) and no computed state yet. Costs no device memory.</summary>
    /// <exception cref="EngineException">InvalidArgument: an id out of range, or longer than the model's context.</exception>
    IEngineSequence CreateSequence(ReadOnlySpan<int> tokens);
}
