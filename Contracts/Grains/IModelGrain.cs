using OrleansLM.Contracts.Messages;

namespace OrleansLM.Contracts.Grains;

/// <summary>One model; the key is its name. NotFound when no replica of it is loaded.</summary>
[Alias("orleanslm.IModelGrain")]
public interface IModelGrain : IGrainWithStringKey
{
    [Alias("Get")]
    Task<ModelInfo> GetAsync(CancellationToken cancellationToken = default);

    [Alias("Tokenize")]
    Task<TokenizeResult> TokenizeAsync(ModelInput input, bool addBos, CancellationToken cancellationToken = default);

    [Alias("Detokenize")]
    Task<string> DetokenizeAsync(IReadOnlyList<int> ids, bool showSpecial, CancellationToken cancellationToken = default);

    /// <summary>Log-probabilities of a given text: progress, runs of positions in order, then the summary.</summary>
    [Alias("Score")]
    IAsyncEnumerable<ScoreEvent> ScoreAsync(ScoreCommand command, CancellationToken cancellationToken = default);
}
