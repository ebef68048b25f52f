using OrleansLM.Engine.Models;

namespace OrleansLM.Silo.Planning;

/// <summary>Layers that a device holds already.</summary>
public sealed record LoadedShard(string Fingerprint, LayerRange Layers);
