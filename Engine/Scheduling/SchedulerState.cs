namespace OrleansLM.Engine.Scheduling;

/// <summary>Everything that a decision depends on, as observed at one moment. Lists are kept and refilled, so that observing allocates nothing.</summary>
public sealed class SchedulerState
{
    /// <summary>Admitted turns, oldest first.</summary>
    public List<TurnView> Running { get; } = [];

    /// <summary>Turns not admitted, or preempted, oldest first.</summary>
    public List<TurnView> Waiting { get; } = [];

    /// <summary>Sequences whose state may be dropped, in the order in which to drop them.</summary>
    public List<EvictableView> Evictable { get; } = [];

    public int FreePages { get; set; }

    /// <summary>Pages that become free when everything evictable is dropped.</summary>
    public int ReclaimablePages { get; set; }

    /// <summary>The same, when the first waiting turn that is not paused keeps its state.</summary>
    public int ReclaimableBesideHead { get; set; }

    /// <summary>No admissions in this round: something has just been preempted.</summary>
    public bool AdmissionClosed { get; set; }

    /// <summary>The oldest waiting turn that could run now, or -1: turns are admitted in order of submission.</summary>
    public int Head
    {
        get
        {
            for (var i = 0; i < Waiting.Count; i++)
            {
                if (!Waiting[i].Paused)
                {
                    return i;
                }
            }

            return -1;
        }
    }

    public void Clear()
    {
        Running.Clear();
        Waiting.Clear();
        Evictable.Clear();
        FreePages = ReclaimablePages = ReclaimableBesideHead = 0;
        AdmissionClosed = false;
    }
}
