using OrleansLM.Contracts.V1;
using OrleansLM.Gateway.Tests.Serving;

namespace OrleansLM.Gateway.Tests.Services;

/// <summary>Promise 6: bad input gets a precise error, and nothing else changes.</summary>
[Collection(ServerCollection.Name)]
public sealed class BadInputTests(SharedServer shared)
{
    public static TheoryData<string> Names() => [.. BadInputs.All.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Is_refused_with_its_field_and_changes_nothing(string name)
    {
        var server = shared.Live;
        var opened = await server.OpenAsync("Fanny walked in the garden");
        await server.Sessions.CreateCheckpointAsync(new CreateCheckpointRequest { SessionId = opened.SessionId, Name = "here" });
        var before = await server.Sessions.GetAsync(new GetSessionRequest { SessionId = opened.SessionId });

        var failure = await BadInputs.All[name].Call(server, opened.SessionId);

        Assert.Equal(BadInputs.All[name].Code, failure.Code);
        Assert.Equal([BadInputs.All[name].Field], failure.Fields);
        Assert.Equal(before, await server.Sessions.GetAsync(new GetSessionRequest { SessionId = opened.SessionId }));
        var turn = await server.GenerateAsync(new GenerateRequest { SessionId = opened.SessionId, Stop = new StopConditions { MaxTokens = 2, IgnoreEos = true } });
        Assert.Equal(2, turn.Ids.Length);
        await server.Sessions.DeleteAsync(new DeleteSessionRequest { SessionId = opened.SessionId });
    }

    [Fact]
    public async Task Every_fault_of_a_request_is_named()
    {
        var failure = await Failure.OfAsync(shared.Live.Sessions.Generate(new GenerateRequest
        {
            SessionId = "a b",
            Sampling = new SamplingParameters { Temperature = -1, TopP = 3 },
            Stop = new StopConditions { MaxTokens = 0 },
        }));
        Assert.Equal(["session_id", "sampling.temperature", "sampling.top_p", "stop.max_tokens"], failure.Fields);
    }
}
