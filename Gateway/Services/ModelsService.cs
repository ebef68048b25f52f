using Grpc.Core;
using Microsoft.Extensions.Options;
using OrleansLM.Contracts.Grains;
using OrleansLM.Contracts.Messages;
using OrleansLM.Contracts.V1;
using OrleansLM.Gateway.Hosting;
using OrleansLM.Gateway.Limits;
using OrleansLM.Gateway.Mapping;
using OrleansLM.Gateway.Validation;

namespace OrleansLM.Gateway.Services;

/// <summary>Models on the wire.</summary>
[BindServiceMethod(typeof(ModelsService), nameof(Bind))]
public sealed class ModelsService(IGrainFactory grains, ModelNames models, StreamLimiter limiter, IOptions<GatewayOptions> options) : Models.ModelsBase
{
    /// <summary>Names the methods to <paramref name="binder"/>. The package asks for the generated base class here.</summary>
    public static void Bind(ServiceBinderBase binder, Models.ModelsBase? service) => Models.BindService(new CheckedBinder(binder), service);

    public override async Task<ListModelsResponse> List(ListModelsRequest request, ServerCallContext context)
    {
        var infos = await grains.GetGrain<IClusterGrain>(0).ListModelsAsync(context.CancellationToken);
        var response = new ListModelsResponse();
        response.Models.AddRange(infos.Select(ModelMapping.ToWire));
        return response;
    }

    public override async Task<Model> Get(GetModelRequest request, ServerCallContext context)
    {
        var grain = await GrainAsync(request.Model, context);
        return (await grain.GetAsync(context.CancellationToken)).ToWire();
    }

    public override async Task<TokenizeResponse> Tokenize(TokenizeRequest request, ServerCallContext context)
    {
        new RequestCheck().Input(request.Input, required: true, options.Value).Throw();
        var grain = await GrainAsync(request.Model, context);
        var result = await grain.TokenizeAsync(request.Input.ToModelInput(), request.AddBos, context.CancellationToken);
        var response = new TokenizeResponse();
        response.Ids.AddRange(result.Ids);
        response.Pieces.AddRange(result.Pieces);
        return response;
    }

    public override async Task<DetokenizeResponse> Detokenize(DetokenizeRequest request, ServerCallContext context)
    {
        new RequestCheck()
            .Require(request.Ids.Count <= options.Value.MaxPromptTokens, "ids", $"has {request.Ids.Count} ids; the limit is {options.Value.MaxPromptTokens}")
            .Throw();
        var grain = await GrainAsync(request.Model, context);
        return new DetokenizeResponse { Text = await grain.DetokenizeAsync(request.Ids.ToArray(), request.ShowSpecial, context.CancellationToken) };
    }

    public override async Task Score(ScoreRequest request, IServerStreamWriter<Contracts.V1.ScoreEvent> responseStream, ServerCallContext context)
    {
        new RequestCheck().Input(request.Input, required: true, options.Value).In(request.Top, 0, 20, "top").Throw();
        using var place = limiter.Enter();
        var grain = await GrainAsync(request.Model, context);
        var command = new ScoreCommand { Input = request.Input.ToModelInput(), Top = request.Top };
        await foreach (var item in grain.ScoreAsync(command, context.CancellationToken).WithCancellation(context.CancellationToken))
        {
            await responseStream.WriteAsync(item.ToWire(), context.CancellationToken);
        }
    }

    private async ValueTask<IModelGrain> GrainAsync(string model, ServerCallContext context) =>
        grains.GetGrain<IModelGrain>(await models.ResolveAsync(model, context.CancellationToken));
}
