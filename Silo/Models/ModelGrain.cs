using System.Runtime.CompilerServices;
using Orleans;
using Orleans.Concurrency;
using OrleansLM.Contracts.Errors;
using OrleansLM.Contracts.Grains;
using OrleansLM.Contracts.Messages;
using OrleansLM.Silo.Placement;
using OrleansLM.Silo.Sessions;

namespace OrleansLM.Silo.Models;

/// <summary>What can be asked of a model without a session. Holds nothing: all it knows is in the silo's registry, so it lives where sessions may.</summary>
[Reentrant]
[SessionPlacement]
public sealed class ModelGrain(SessionServices services) : Grain, IModelGrain
{
    private HostedModel Model
    {
        get
        {
            if (services.Models.All.Count == 0)
            {
                // Another silo serves models, or this one soon: the next call looks for a place again.
                DeactivateOnIdle();
            }

            return services.Models.Get(this.GetPrimaryKeyString());
        }
    }

    public Task<ModelInfo> GetAsync(CancellationToken cancellationToken = default) => Task.FromResult(ModelInfos.Of(Model));

    public async Task<TokenizeResult> TokenizeAsync(ModelInput input, bool addBos, CancellationToken cancellationToken = default)
    {
        var model = Model;
        return await Task.Run(() => Tokenize(model, input, addBos), cancellationToken);
    }

    public async Task<string> DetokenizeAsync(IReadOnlyList<int> ids, bool showSpecial, CancellationToken cancellationToken = default)
    {
        var model = Model;
        for (var i = 0; i < ids.Count; i++)
        {
            SettingsRules.InVocabulary($"ids[{i}]", ids[i], model.Engine.Tokenizer.VocabularySize);
        }

        return await Task.Run(() => model.Engine.Tokenizer.Decode([.. ids], showSpecial), cancellationToken);
    }

    public async IAsyncEnumerable<ScoreEvent> ScoreAsync(ScoreCommand command, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        if (command.Top is < 0 or > SettingsRules.MaxLogProbs)
        {
            throw OrleansLMException.Invalid("top", $"is {command.Top}; expected a value in [0, {SettingsRules.MaxLogProbs}]");
        }

        var model = Model;
        var ids = await Task.Run(() => PromptEncoder.Encode(command.Input, model, lastToken: null, services.Options.MaxPromptTokens), cancellationToken);
        await foreach (var item in new TextScorer(model).ScoreAsync(ids, command.Top, cancellationToken))
        {
            yield return item;
        }
    }

    private TokenizeResult Tokenize(HostedModel model, ModelInput input, bool addBos)
    {
        // Messages always begin as a conversation does; a text that is to have no BOS is encoded as if something stood before it.
        var lastToken = input.Messages is not null || addBos ? (int?)null : 0;
        var ids = PromptEncoder.Encode(input, model, lastToken, services.Options.MaxPromptTokens);
        return new TokenizeResult { Ids = ids, Pieces = Array.ConvertAll(ids, model.Engine.Tokenizer.Piece) };
    }
}
