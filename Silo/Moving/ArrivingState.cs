using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.State.Transfer;

namespace OrleansLM.Silo.Moving;

/// <summary>A session's computed state as it comes in from another silo, part by part, each for more tokens than the one before.</summary>
internal sealed class ArrivingState(IInferenceEngine engine) : IAsyncDisposable
{
    private IEngineSequence? _sequence;

    /// <summary>Where the next part should begin: a page's first token. 0 for recurrent states, which have no parts.</summary>
    public int NextFrom => engine.Description.StateBytesPerSequence > 0 ? 0 : Length / engine.Description.PageTokens * engine.Description.PageTokens;

    /// <summary>Tokens whose state is here.</summary>
    public int Length => _sequence?.ComputedLength ?? 0;

    public async Task AddAsync(Stream stream, CancellationToken cancellationToken)
    {
        var state = await StateReader.OpenAsync(stream, cancellationToken);
        var longer = engine.CreateSequence(state.Tokens.Span[..state.Header.To]);
        try
        {
            if (_sequence is { } known)
            {
                await longer.ShareAsync(known, cancellationToken);
            }

            await longer.ImportAsync(state, cancellationToken: cancellationToken);
        }
        catch
        {
            await longer.DisposeAsync();
            throw;
        }

        await DisposeAsync();
        _sequence = longer;
    }

    /// <summary>The sequence, for its taker to dispose; null when nothing came.</summary>
    public IEngineSequence? Take() => Interlocked.Exchange(ref _sequence, null);

    public async ValueTask DisposeAsync()
    {
        if (Take() is { } sequence)
        {
            await sequence.DisposeAsync();
        }
    }
}
