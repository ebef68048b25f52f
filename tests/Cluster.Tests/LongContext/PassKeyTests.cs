using OrleansLM.Cluster.Tests.Processes;
using OrleansLM.Contracts.V1;

namespace OrleansLM.Cluster.Tests.LongContext;

/// <summary>Long context through the front door: a key far back in the text is found.</summary>
public sealed class PassKeyTests
{
    [Theory]
    [InlineData(8192, 0.3, 73519)]
    [InlineData(8192, 0.7, 20846)]
    [InlineData(16384, 0.25, 91327)]
    [InlineData(16384, 0.6, 48051)]
    public async Task The_key_is_found(int tokens, double depth, int key)
    {
        await using var server = await ServerProcess.StartAsync("--state-mib", "160");
        await server.Sessions.CreateAsync(new CreateSessionRequest { SessionId = "keys" });
        var prompt = await PassKeyPrompt.CreateAsync(server.Models, tokens, depth, key);
        Assert.Equal(tokens, prompt.Length);
        using var call = server.Sessions.Generate(new GenerateRequest
        {
            SessionId = "keys",
            Input = new Input { Tokens = new TokenIds { Ids = { prompt } } },
            Stop = new StopConditions { MaxTokens = 10 },
        });
        var turn = await ReceivedTurn.ReadAsync(call);
        Assert.Contains(key.ToString(), turn.Text, StringComparison.Ordinal);
        Assert.Equal(tokens, turn.Finished!.Usage.PrefilledTokens);
    }
}
