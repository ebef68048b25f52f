namespace OrleansLM.Engine.Tests.Runtime;

public sealed class EngineSoakTests
{
    [Fact]
    public void Random_operations_agree_with_lists_of_tokens()
    {
        var (finished, failed, evictions, preemptions) = (0, 0, 0L, 0L);
        for (var seed = 0; seed < 60; seed++)
        {
            using var soak = new EngineSoak(seed);
            soak.Run(600);
            finished += soak.Finished;
            failed += soak.Failed;
            evictions += soak.Evictions;
            preemptions += soak.Preemptions;
        }

        // The memory is small enough that everything was met.
        Assert.True(finished > 1000 && failed > 20 && evictions > 500 && preemptions > 3, $"{finished} {failed} {evictions} {preemptions}");
    }

    [Theory]
    [InlineData(2)]
    [InlineData(5)]
    public void Random_operations_agree_with_lists_of_tokens_when_several_steps_are_under_way_and_stages_are_lost(int depth)
    {
        var (finished, failed, losses) = (0, 0, 0);
        for (var seed = 1000; seed < 1030; seed++)
        {
            using var soak = new EngineSoak(seed, depth);
            soak.Run(600);
            finished += soak.Finished;
            failed += soak.Failed;
            losses += soak.Losses;
        }

        Assert.True(finished > 300 && failed > 5 && losses > 100, $"{finished} {failed} {losses}");
    }
}
