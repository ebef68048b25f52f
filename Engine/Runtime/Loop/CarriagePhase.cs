namespace OrleansLM.Engine.Runtime.Loop;

/// <summary>How far the state is on its way to the stages' new places.</summary>
internal enum CarriagePhase
{
    /// <summary>Nothing is carried.</summary>
    None = 0,

    /// <summary>Steps still run while states that come in come to their end; no others begin to.</summary>
    Settling = 1,

    /// <summary>No step is begun any more; those under way end.</summary>
    Stopping = 2,

    /// <summary>Units are read from the old stages.</summary>
    Reading = 3,

    /// <summary>All units are here; the new stages are not there yet.</summary>
    Away = 4,

    /// <summary>Units are written to the new stages.</summary>
    Writing = 5,
}
