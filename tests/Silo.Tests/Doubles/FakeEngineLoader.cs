using OrleansLM.Silo.Hosting;
using OrleansLM.Silo.Models;

namespace OrleansLM.Silo.Tests.Doubles;

internal sealed class FakeEngineLoader(FakeEngine engine) : IEngineLoader
{
    public HostedModel Load(ModelOptions options) => new(options.Name!, engine);
}
