using OrleansLM.Engine.Backends.Cpu;

namespace OrleansLM.Engine.Tests.Backends.Cpu;

public sealed unsafe class ThreadTeamTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void Every_item_runs_exactly_once_in_every_section(int threads)
    {
        const int Items = 97, Sections = 3000;
        using var team = new ThreadTeam(threads);
        var counts = stackalloc int[Items];
        for (var section = 0; section < Sections; section++)
        {
            // Sections of all lengths, 0 and 1 among them.
            team.Run(&CountItem, counts, section % (Items + 1));
        }

        for (var item = 0; item < Items; item++)
        {
            Assert.Equal(Enumerable.Range(0, Sections).Count(section => section % (Items + 1) > item), counts[item]);
        }
    }

    [Fact]
    public void Thread_numbers_belong_to_one_thread_at_a_time()
    {
        using var team = new ThreadTeam(4);
        var inside = stackalloc int[5];
        for (var section = 0; section < 500; section++)
        {
            team.Run(&OccupyThread, inside, 64);
        }

        Assert.Equal(0, inside[4]);
    }

    [Fact]
    public void A_team_works_after_its_helpers_went_to_sleep()
    {
        using var team = new ThreadTeam(3);
        var count = 0;
        for (var round = 0; round < 5; round++)
        {
            team.Run(&CountAll, &count, 1000);
            SpinWait.SpinUntil(() => team.SleepingHelpers == 2);
        }

        Assert.Equal(5000, count);
    }

    [Fact]
    public void A_team_is_dissolved_whether_it_sleeps_or_not()
    {
        for (var i = 0; i < 20; i++)
        {
            var team = new ThreadTeam(3);
            var count = 0;
            team.Run(&CountAll, &count, i);
            team.Dispose();
            Assert.Equal(i, count);
        }
    }

    [Fact]
    public void A_team_has_at_least_its_caller() => Assert.Throws<ArgumentOutOfRangeException>(() => new ThreadTeam(0));

    private static void CountItem(void* context, int item, int thread) => Interlocked.Increment(ref ((int*)context)[item]);

    private static void CountAll(void* context, int item, int thread) => Interlocked.Increment(ref *(int*)context);

    /// <summary>context[thread] is 1 while that thread is inside; context[4] counts collisions.</summary>
    private static void OccupyThread(void* context, int item, int thread)
    {
        var inside = (int*)context;
        if (Interlocked.Increment(ref inside[thread]) != 1)
        {
            Interlocked.Increment(ref inside[4]);
        }

        Thread.SpinWait(20);
        Interlocked.Decrement(ref inside[thread]);
    }
}
