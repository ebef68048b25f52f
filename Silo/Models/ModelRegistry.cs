using System.Collections.Concurrent;
using OrleansLM.Contracts.Errors;

namespace OrleansLM.Silo.Models;

/// <summary>The models of this silo by name; filled at start.</summary>
public sealed class ModelRegistry
{
    private readonly ConcurrentDictionary<string, HostedModel> _models = new(StringComparer.Ordinal);

    /// <summary>By name.</summary>
    public IReadOnlyList<HostedModel> All => [.. _models.Values.OrderBy(model => model.Name, StringComparer.Ordinal)];

    /// <exception cref="ArgumentException">The name is taken.</exception>
    public void Add(HostedModel model)
    {
        if (!_models.TryAdd(model.Name, model))
        {
            throw new ArgumentException($"two models are called '{model.Name}': name one of them otherwise");
        }
    }

    public void Remove(string name) => _models.TryRemove(name, out _);

    public HostedModel? Find(string name) => _models.GetValueOrDefault(name);

    /// <exception cref="OrleansLMException">NotFound.</exception>
    public HostedModel Get(string name) => Find(name) ?? throw new OrleansLMException(ErrorCode.NotFound, $"model '{name}' is not loaded; {Loaded()}")
    {
        Field = "model",
        Reason = "MODEL_NOT_LOADED",
    };

    /// <summary>The model called <paramref name="name"/>, or the only one when it is null or empty.</summary>
    /// <exception cref="OrleansLMException">NotFound; InvalidArgument: no name and not exactly one model.</exception>
    public HostedModel Resolve(string? name)
    {
        if (!string.IsNullOrEmpty(name))
        {
            return Get(name);
        }

        var all = All;
        return all.Count == 1 ? all[0] : throw OrleansLMException.Invalid("model", $"expected a name; {Loaded()}");
    }

    private string Loaded() => _models.IsEmpty ? "no model is loaded" : $"loaded: {string.Join(", ", All.Select(model => model.Name))}";
}
