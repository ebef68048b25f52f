using System.Reflection;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Runtime.Stages;

/// <summary>What whoever dials a stage says first.</summary>
public sealed record StageHello
{
    /// <summary>Of frames and payloads; counted up with every change that is not compatible.</summary>
    public const int CurrentProtocol = 3;

    public int Protocol { get; init; } = CurrentProtocol;

    public string Version { get; init; } = ThisVersion;

    public required string ClusterId { get; init; }

    public required StageRole Role { get; init; }

    /// <summary>Counts the pipeline's connections: a later one takes the place of an earlier one, never the other way round.</summary>
    public required long Epoch { get; init; }

    public required StageAssignment Stage { get; init; }

    /// <summary>How hidden states travel.</summary>
    public required DataType HiddenType { get; init; }

    /// <summary>The stages behind this one.</summary>
    public required IReadOnlyList<StageHop> Route { get; init; }

    /// <summary>The product's version, without the commit: what both sides must share to give the same bits.</summary>
    public static string ThisVersion { get; } =
        (typeof(StageHello).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown").Split('+')[0];
}
