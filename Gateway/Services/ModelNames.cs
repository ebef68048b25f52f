using OrleansLM.Contracts.Errors;
using OrleansLM.Contracts.Grains;

namespace OrleansLM.Gateway.Services;

/// <summary>Which model a request means when it names none.</summary>
public sealed class ModelNames(IGrainFactory grains)
{
    /// <returns><paramref name="requested"/>, or the only model's name.</returns>
    /// <exception cref="OrleansLMException">InvalidArgument: none named and there are several; Unavailable: there is none.</exception>
    public async ValueTask<string> ResolveAsync(string requested, CancellationToken cancellationToken)
    {
        if (requested.Length > 0)
        {
            return requested;
        }

        var models = await grains.GetGrain<IClusterGrain>(0).ListModelsAsync(cancellationToken);
        return models.Count switch
        {
            1 => models[0].Name,
            0 => throw new OrleansLMException(ErrorCode.Unavailable, "no model is loaded") { Reason = "NO_MODEL" },
            _ => throw OrleansLMException.Invalid("model", $"not set; expected one of {string.Join(", ", models.Select(model => model.Name))}"),
        };
    }
}
