using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace OrleansLM.Silo.Hosting;

/// <summary>What this silo serves.</summary>
public sealed class ServingOptions
{
    /// <summary>Loaded in this order before the silo joins the cluster.</summary>
    [Required]
    [ValidateEnumeratedItems]
    public IList<ModelOptions> Models { get; set; } = [];
}
