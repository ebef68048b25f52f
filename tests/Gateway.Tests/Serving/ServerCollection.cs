using System.Diagnostics.CodeAnalysis;

namespace OrleansLM.Gateway.Tests.Serving;

[CollectionDefinition(Name)]
[SuppressMessage("Naming", "CA1711", Justification = "What xunit calls it.")]
public sealed class ServerCollection : ICollectionFixture<SharedServer>
{
    public const string Name = "server";
}
