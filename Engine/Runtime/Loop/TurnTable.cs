using OrleansLM.Engine.Runtime.Turns;

namespace OrleansLM.Engine.Runtime.Loop;

/// <summary>The turns that are not over, oldest first. Engine's thread.</summary>
internal sealed class TurnTable
{
    public List<EngineTurn> Running { get; } = [];

    /// <summary>Not admitted yet, or preempted.</summary>
    public List<EngineTurn> Waiting { get; } = [];

    public void AddWaiting(EngineTurn turn) => Insert(Waiting, turn);

    public void Admit(EngineTurn turn)
    {
        Waiting.Remove(turn);
        Insert(Running, turn);
    }

    public void SendBack(EngineTurn turn)
    {
        Running.Remove(turn);
        Insert(Waiting, turn);
    }

    public void Remove(EngineTurn turn)
    {
        if (!Running.Remove(turn))
        {
            Waiting.Remove(turn);
        }
    }

    private static void Insert(List<EngineTurn> turns, EngineTurn turn)
    {
        var at = turns.Count;
        while (at > 0 && turns[at - 1].Arrival > turn.Arrival)
        {
            at--;
        }

        turns.Insert(at, turn);
    }
}
