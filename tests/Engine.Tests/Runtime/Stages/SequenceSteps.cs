using OrleansLM.Engine.Runtime;

namespace OrleansLM.Engine.Tests.Runtime.Stages;

internal static class SequenceSteps
{
    /// <summary>The sequence after a turn.</summary>
    public static async Task<IEngineSequence> AfterAsync(this IEngineSequence sequence, int[] tokens, int max)
    {
        await TinyEngine.GenerateAsync(sequence, tokens, max);
        return sequence;
    }
}
