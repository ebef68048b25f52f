using OrleansLM.Contracts.Messages;
using OrleansLM.Engine.Sampling;
using OrleansLM.Silo.Log;
using OrleansLM.Silo.Models;
using OrleansLM.Silo.Sessions;
using OrleansLM.Silo.Tests.Doubles;

namespace OrleansLM.Silo.Tests.Sessions;

public sealed class TurnReaderTests
{
    private readonly TurnBuffer _buffer = new(
        new TurnRecord
        {
            TurnId = "t",
            StartPosition = 0,
            PromptTokens = 1,
            Parameters = new TurnParameters { Sampling = new SamplingParameters(), Stop = new StopConditions { MaxNewTokens = 100_000 } },
            Fingerprint = "f",
            BackendKind = "b",
            CreateTime = DateTimeOffset.UnixEpoch,
        },
        new HostedModel("fake", new FakeEngine()));

    [Fact]
    public async Task A_reader_that_waits_can_be_cancelled()
    {
        using var cancellation = new CancellationTokenSource();
        var reader = new TurnReader(_buffer, 0, resumed: false).ReadAsync(cancellation.Token).GetAsyncEnumerator();
        await reader.MoveNextAsync();
        var waiting = reader.MoveNextAsync();
        Assert.False(waiting.IsCompleted);
        await cancellation.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(async () => await waiting);
    }

    [Fact]
    public async Task One_that_was_cancelled_before_does_not_wait()
    {
        var reader = new TurnReader(_buffer, 0, resumed: false).ReadAsync(new CancellationToken(canceled: true)).GetAsyncEnumerator();
        await reader.MoveNextAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(async () => await reader.MoveNextAsync());
    }

    [Fact]
    public async Task Readers_that_come_and_go_miss_nothing_while_the_writer_runs()
    {
        const int Tokens = 20_000;
        var writer = Task.Run(() =>
        {
            for (var i = 0; i < Tokens; i++)
            {
                _buffer.AddToken(new TurnEntry(1 + i, new TokenLogProb(i, float.NaN), "", null));
                _buffer.Publish();
            }

            _buffer.End(new TurnEnd { Reason = TurnFinishReason.Length, PromptTokens = 1, PrefilledTokens = 1, GeneratedTokens = Tokens, SessionLength = Tokens + 1, QueueTime = default, TimeToFirstToken = default, TotalTime = default }, "");
        });
        var readers = Enumerable.Range(0, 8).Select(i => Task.Run(async () =>
        {
            var seen = new List<int>();
            var random = new Random(i);
            while (seen.Count < Tokens)
            {
                using var cancellation = new CancellationTokenSource();
                var left = random.Next(1, 3000);
                await foreach (var item in new TurnReader(_buffer, 1 + seen.Count, resumed: true).ReadAsync(cancellation.Token))
                {
                    if (item.Kind == TurnEventKind.Token)
                    {
                        seen.Add(item.TokenId);
                        if (--left == 0)
                        {
                            break;
                        }
                    }
                }
            }

            return seen;
        }));
        foreach (var seen in await Task.WhenAll(readers))
        {
            Assert.Equal(Enumerable.Range(0, Tokens), seen);
        }

        await writer;
    }
}
