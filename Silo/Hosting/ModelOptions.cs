using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using OrleansLM.Engine.Runtime;
using OrleansLM.Silo.Stages;

namespace OrleansLM.Silo.Hosting;

/// <summary>One model to serve.</summary>
public sealed class ModelOptions
{
    /// <summary>Folder with config.json, weights and tokenizer.</summary>
    [Required(AllowEmptyStrings = false)]
    public string Directory { get; set; } = "";

    /// <summary>What callers name it by; null: the folder's name.</summary>
    public string? Name { get; set; }

    /// <summary>Chat template for messages that name none; null: the one that the folder names.</summary>
    public string? ChatTemplate { get; set; }

    /// <summary>Null: all of the model is loaded here. Otherwise its stages are spread over silos that serve stages (section <c>Stages</c>).</summary>
    [ValidateObjectMembers]
    public PipelineSettings? Pipeline { get; set; }

    /// <summary>How its engine is set up; checked by <see cref="EngineOptions.Validate"/> when it is loaded.</summary>
    public EngineOptions Engine { get; set; } = new();
}
