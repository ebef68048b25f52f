using OrleansLM.Engine.Scheduling;

namespace OrleansLM.Engine.Tests.Scheduling;

/// <summary>A turn of <see cref="SchedulerSimulation"/>: only counts.</summary>
internal sealed class SimulatedTurn
{
    private int _pageEnd;

    public required long Arrival { get; init; }

    public required bool Pausing { get; init; }

    /// <summary>Its state is saved before it is dropped.</summary>
    public bool NeedsSaving { get; set; }

    public bool IsSaving { get; set; }

    public int Known { get; private set; }

    public int ToGenerate { get; private set; }

    public int Computed { get; private set; }

    public int HeldPages { get; private set; }

    public bool Paused { get; set; }

    public bool Started { get; private set; }

    public long LastStep { get; set; }

    public long SubmittedAt { get; set; }

    public int Unserved { get; set; }

    public static SimulatedTurn Create(Random random, int arrival, SchedulerLimits limits)
    {
        var most = random.Next(8) == 0 ? 1000 : 150;
        return new SimulatedTurn
        {
            Arrival = arrival,
            Pausing = random.Next(5) == 0,
            NeedsSaving = random.Next(3) == 0,
            Known = random.Next(1, Math.Min(most, limits.CapacityTokens)),
            ToGenerate = random.Next(0, 40),
        };
    }

    public override string ToString() => $"[{Arrival}: {Computed}/{Known}, {HeldPages} pages{(Paused ? ", paused" : "")}]";

    public TurnView View(long now) => new()
    {
        Arrival = Arrival,
        Target = Known,
        Computed = Computed,
        PageEnd = _pageEnd,
        HeldPages = HeldPages,
        LastStep = LastStep,
        Paused = Paused,
        Started = Started,
        Waited = TimeSpan.FromSeconds(now - SubmittedAt),
    };

    public void Drop() => Computed = HeldPages = _pageEnd = 0;

    public void Advance(int rows, long step, SchedulerLimits limits)
    {
        var fresh = limits.PagesFor(View(step), rows);
        HeldPages += fresh;
        _pageEnd += fresh;
        Computed += rows;
        LastStep = step;
        Started = true;
        if (limits.WindowTokens is { } window)
        {
            var firstPage = Math.Max(0, Computed - window + 1) / limits.PageTokens;
            HeldPages = _pageEnd - firstPage;
        }
    }

    /// <returns>Tokens still to come: 0 when the turn has ended.</returns>
    public int Generate()
    {
        if (ToGenerate == 0)
        {
            return 0;
        }

        Known++;
        return ToGenerate--;
    }
}
