using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Text;
using OrleansLM.Engine.Weights;

namespace OrleansLM.Silo.Tests.Doubles;

/// <summary>The real engine with the tiny model, loaded once for a class of tests.</summary>
public sealed class TinyEngine : IAsyncLifetime
{
    public InferenceEngine Engine { get; } = InferenceEngine.Load(
        Checkpoint.Open(Repository.TinyModel),
        ModelTokenizers.Open(Repository.TinyModel),
        new EngineOptions { Threads = 1, StateBytes = 64 << 20 },
        TimeProvider.System);

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await Engine.DisposeAsync();
}
