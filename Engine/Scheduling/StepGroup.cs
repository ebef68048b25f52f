namespace OrleansLM.Engine.Scheduling;

/// <summary>
/// Who may share a step. Usually everybody; after a failed step each turn that was in it runs alone until it is past that point, taking turns with
/// the others, so that the one that is at fault fails by itself.
/// </summary>
internal readonly record struct StepGroup(int Alone)
{
    private const int Everybody = -1;

    public bool Holds(int index, in TurnView turn) => Alone == Everybody ? !turn.Suspect : index == Alone;

    public static StepGroup Choose(SchedulerState state)
    {
        var suspect = Everybody;
        var lastCommonStep = -1L;
        for (var i = 0; i < state.Running.Count; i++)
        {
            var turn = state.Running[i];
            if (turn.Paused || turn.Pending == 0)
            {
                continue;
            }

            if (!turn.Suspect)
            {
                lastCommonStep = Math.Max(lastCommonStep, turn.LastStep);
            }
            else if (suspect < 0 || turn.LastStep < state.Running[suspect].LastStep)
            {
                suspect = i;
            }
        }

        var othersFirst = lastCommonStep >= 0 && (suspect < 0 || lastCommonStep < state.Running[suspect].LastStep);
        return new StepGroup(othersFirst ? Everybody : suspect);
    }
}
