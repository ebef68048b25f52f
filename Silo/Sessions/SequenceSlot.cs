using OrleansLM.Engine.Runtime;
using OrleansLM.Silo.Log;
using OrleansLM.Silo.Models;

namespace OrleansLM.Silo.Sessions;

/// <summary>
/// A session's sequence in the engine: made from the log when it is first needed, and again whenever it is not as long as the session, so that whatever
/// happened to the engine the log decides. Its computed state is a cache.
/// </summary>
internal sealed class SequenceSlot(ISessionLog log, SessionHandle handle) : IAsyncDisposable
{
    public IEngineSequence? Current { get; private set; }

    public void Adopt(IEngineSequence? sequence) => Current = sequence;

    /// <summary>The sequence with the session's first <paramref name="length"/> tokens.</summary>
    public async Task<IEngineSequence> GetAsync(HostedModel model, int length)
    {
        if (Current is { } current && current.Length == length)
        {
            return current;
        }

        await DisposeAsync();
        var tokens = await log.ReadTokensAsync(handle, 0, length);
        return Current = model.Engine.CreateSequence(tokens);
    }

    /// <summary>Tokens [start, end), from the engine when it has them.</summary>
    public async Task<int[]> ReadTokensAsync(int start, int end) =>
        Current is { } current && current.Length >= end ? current.CopyTokens(start, end) : await log.ReadTokensAsync(handle, start, end);

    /// <summary>Drops tokens from the sequence, if there is one; what cannot be dropped is made again from the log.</summary>
    public async Task TruncateAsync(int position)
    {
        try
        {
            if (Current is { } current)
            {
                await current.TruncateAsync(position);
            }
        }
        catch (EngineException)
        {
            await DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Current is { } current)
        {
            Current = null;
            await current.DisposeAsync();
        }
    }
}
