namespace OrleansLM.Engine.Models;

/// <summary>How positions are stretched beyond the trained length.</summary>
public enum RopeScaling
{
    None = 0,

    /// <summary>Positions divided by the factor.</summary>
    Linear = 1,

    /// <summary>Dynamic NTK as transformers has it: the base grows with the sequence length once it passes the original length.</summary>
    DynamicNtk = 2,

    /// <summary>Static YaRN (spec §1.1).</summary>
    Yarn = 3,
}
