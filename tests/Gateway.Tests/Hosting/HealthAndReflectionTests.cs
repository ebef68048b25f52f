using Grpc.Health.V1;
using Grpc.Reflection.V1Alpha;
using OrleansLM.Gateway.Tests.Serving;

namespace OrleansLM.Gateway.Tests.Hosting;

[Collection(ServerCollection.Name)]
public sealed class HealthAndReflectionTests(SharedServer shared)
{
    [Fact]
    public async Task A_server_with_a_model_serves()
    {
        var health = await new Health.HealthClient(shared.Live.Channel).CheckAsync(new HealthCheckRequest());
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, health.Status);
    }

    [Fact]
    public async Task Reflection_lists_every_service()
    {
        using var call = new ServerReflection.ServerReflectionClient(shared.Live.Channel).ServerReflectionInfo();
        await call.RequestStream.WriteAsync(new ServerReflectionRequest { ListServices = "" });
        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
        var services = call.ResponseStream.Current.ListServicesResponse.Service.Select(service => service.Name).ToList();
        await call.RequestStream.CompleteAsync();
        Assert.Superset(
            new HashSet<string> { "orleanslm.v1.Sessions", "orleanslm.v1.Models", "orleanslm.v1.Cluster", "grpc.health.v1.Health" },
            services.ToHashSet());
    }
}
