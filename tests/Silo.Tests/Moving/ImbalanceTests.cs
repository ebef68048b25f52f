using OrleansLM.Contracts.Messages;
using OrleansLM.Silo.Moving;

namespace OrleansLM.Silo.Tests.Moving;

public sealed class ImbalanceTests
{
    [Theory]
    [InlineData(5.0, 0.0, "short")]
    [InlineData(4.01, 0.0, "short")]
    [InlineData(4.0, 0.0, null)]
    [InlineData(14.0, 10.0, null)]
    [InlineData(0.0, 20.0, null)]
    public void The_shortest_running_session_moves_when_the_difference_exceeds_the_threshold(double own, double target, string? expected) =>
        Assert.Equal(expected, Imbalance.Choose(own, target, 4, [Session("long", 900, true), Session("idle", 1, false), Session("short", 30, true)])?.SessionId);

    [Fact]
    public void Sessions_that_do_not_run_stay() => Assert.Null(Imbalance.Choose(100, 0, 4, [Session("idle", 1, false)]));

    /// <summary>Silos that each look at a view of their own, in turns, come to rest, evenly loaded, and nothing is moved to and fro.</summary>
    [Theory]
    [InlineData(1, 2)]
    [InlineData(4, 3)]
    [InlineData(4, 8)]
    public void Turns_spread_over_a_silo_that_joins_and_then_stay(int threshold, int silos)
    {
        var loads = new int[silos];
        loads[0] = 40;
        var moves = 0;
        for (var round = 0; round < 400; round++)
        {
            var (from, to) = (round % silos, Array.IndexOf(loads, loads.Min()));
            if (Imbalance.Choose(loads[from], loads[to], threshold, [Session("a", 1, loads[from] > 0)]) is not null)
            {
                (loads[from], loads[to], moves) = (loads[from] - 1, loads[to] + 1, moves + 1);
            }
        }

        Assert.InRange(loads.Max() - loads.Min(), 0, threshold);
        Assert.InRange(moves, 1, 40);
    }

    private static SessionLocation Session(string id, int length, bool runs) =>
        new() { SessionId = id, Model = "m", Length = length, ComputedLength = length, IsRunning = runs, Silo = "s", Address = "a" };
}
