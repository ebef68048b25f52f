using Grpc.Core;
using Grpc.Health.V1;
using Grpc.HealthCheck;
using Microsoft.Extensions.DependencyInjection;
using OrleansLM.Polyfills.Tests.Grpc.Trials;
using ServingStatus = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace OrleansLM.Polyfills.Tests.Grpc;

public sealed class HealthTests(TrialFixture trial) : IClassFixture<TrialFixture>
{
    private Health.HealthClient Client => new(trial.Channel);

    [Theory]
    [InlineData("", ServingStatus.NotServing)]
    [InlineData("polyfills.trial.Trial", ServingStatus.Serving)]
    [InlineData("archive", ServingStatus.NotServing)]
    [InlineData("nothing", ServingStatus.Unknown)]
    public async Task Check_runs_the_checks_of_the_service(string service, ServingStatus expected) =>
        Assert.Equal(expected, (await Client.CheckAsync(new HealthCheckRequest { Service = service })).Status);

    [Fact]
    public async Task Check_of_an_unknown_service_is_not_found()
    {
        RpcException failure = await Assert.ThrowsAsync<RpcException>(async () =>
            await Client.CheckAsync(new HealthCheckRequest { Service = "nobody" }));

        Assert.Equal(StatusCode.NotFound, failure.StatusCode);
    }

    [Fact]
    public async Task Watch_begins_with_the_present_state_and_tells_changes()
    {
        await using TrialServer server = await TrialServer.StartAsync();
        using var channel = server.Connect();
        using AsyncServerStreamingCall<HealthCheckResponse> watch =
            new Health.HealthClient(channel).Watch(new HealthCheckRequest { Service = "polyfills.trial.Trial" });

        Assert.Equal(ServingStatus.Serving, await NextAsync(watch));
        server.Services.GetRequiredService<HealthServiceImpl>().SetStatus("polyfills.trial.Trial", ServingStatus.NotServing);
        Assert.Equal(ServingStatus.NotServing, await NextAsync(watch, ServingStatus.NotServing));
    }

    [Fact]
    public async Task Watch_of_an_unknown_service_stays_open()
    {
        using AsyncServerStreamingCall<HealthCheckResponse> watch = Client.Watch(new HealthCheckRequest { Service = "nobody yet" });

        Assert.Equal(ServingStatus.ServiceUnknown, await NextAsync(watch));
    }

    /// <summary>The next state, or the first that is <paramref name="wanted"/>: how often one state is repeated is not promised.</summary>
    private static async Task<ServingStatus> NextAsync(AsyncServerStreamingCall<HealthCheckResponse> watch, ServingStatus? wanted = null)
    {
        do
        {
            Assert.True(await watch.ResponseStream.MoveNext());
        }
        while (wanted is not null && watch.ResponseStream.Current.Status != wanted);

        return watch.ResponseStream.Current.Status;
    }
}
