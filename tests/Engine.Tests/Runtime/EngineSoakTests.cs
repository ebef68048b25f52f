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
}
