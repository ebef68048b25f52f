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

    /// <summary>The first so many of <see cref="Evictable"/> are idle.</summary>
    public int IdleCount { get; set; }

    /// <summary>Idle sequences whose state is to be saved before it may be dropped, in the order in which to do so.</summary>
    public List<EvictableView> Savable { get; } = [];

    /// <summary>States that are being saved: they become evictable, or free.</summary>
    public int Saving { get; set; }

    /// <summary>Pages that these had for themselves when their saving began.</summary>
    public int SavingPages { get; set; }

    /// <summary>Something idle will come back after it was saved: until then nothing is taken from turns.</summary>
    public bool AwaitsSaves => Saving + Savable.Count > 0;

    public int FreePages { get; set; }

    /// <summary>Pages that become free when everything evictable is dropped; while saves are awaited, when everything of it that is idle is.</summary>
    public int ReclaimablePages { get; set; }

    /// <summary>Pages that become free when everything is dropped that may be, saved first or not, but for the state of the first waiting turn that is not paused.</summary>
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
        Savable.Clear();
        FreePages = Saving = SavingPages = IdleCount = ReclaimablePages = ReclaimableBesideHead = 0;
        AdmissionClosed = false;
    }
}
